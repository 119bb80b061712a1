import type { CompletionNode } from './tree.ts';

export function zshCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter((node) => node.path !== '').map((node) => `'${node.path}'`);
  return `#compdef walq
# zsh completion for walq. Load it with: source <(walq completion zsh)
_walq() {
  local path_ prev word next
  local -a commands_ options_ words_
  path_=
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${path_:+$path_ }$word"
    case "$next" in
      ${paths.join('|')}) path_="$next" ;;
    esac
  done
  prev="\${words[CURRENT-1]}"
  case "$path_ $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$path_" in
${nodes.map(wordCase).join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option options_
  elif (( \${#commands_} + \${#words_} )); then
    (( \${#commands_} )) && _describe command commands_
    (( \${#words_} )) && compadd -a words_
  else
    _files
  fi
}
if (( $+functions[compdef] )); then compdef _walq walq; fi
`;
}

function valueCases(node: CompletionNode): string[] {
  return node.options
    .filter((option) => option.takesValue)
    .map((option) => {
      const patterns = option.flags.map((flag) => `'${node.path} ${flag}'`).join('|');
      const words = option.choices.length > 0 ? [`compadd ${option.choices.join(' ')}`] : [];
      const offer = [...words, ...(words.length === 0 || option.orFile ? ['_files'] : [])].join('; ');
      return `    ${patterns}) ${offer}; return ;;`;
    });
}

function wordCase(node: CompletionNode): string {
  const commands = node.commands.map((command) => quote(`${command.name}:${colonless(command.description)}`));
  const options = node.options.flatMap((option) =>
    option.flags.map((flag) => quote(`${flag}:${colonless(option.description)}`)),
  );
  const parts = [
    `commands_=(${commands.join(' ')})`,
    `options_=(${options.join(' ')})`,
    `words_=(${node.words.join(' ')})`,
  ];
  return `    '${node.path}') ${parts.join('; ')} ;;`;
}

function colonless(text: string): string {
  return text.replaceAll(':', ' -');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
