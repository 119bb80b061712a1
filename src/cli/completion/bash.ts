import type { CompletionNode } from './tree.ts';

/** Needs nothing but bash itself: no bash-completion package. */
export function bashCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter((node) => node.path !== '').map((node) => `"${node.path}"`);
  return `# bash completion for walq. Load it with: source <(walq completion bash)
_walq() {
  local cur prev at path i words options
  COMPREPLY=()
  cur=\${COMP_WORDS[COMP_CWORD]}
  at=$COMP_CWORD
  # bash splits --flag=value into three words.
  if [[ $cur == '=' ]]; then cur=; at=$((at + 1)); fi
  prev=\${COMP_WORDS[at-1]}
  if [[ $prev == '=' ]]; then prev=\${COMP_WORDS[at-2]}; fi
  # An expression begins with a quote; what is offered stands behind it.
  cur=\${cur#[\\'\\"]}
  path=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${paths.join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  words= options=
  case "$path" in
${nodes.map(wordCase).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
# Where nothing is offered, file names are.
complete -o default -o bashdefault -F _walq walq
`;
}

function valueCases(node: CompletionNode): string[] {
  return node.options
    .filter((option) => option.takesValue)
    .map((option) => {
      const patterns = option.flags.map((flag) => `"${node.path} ${flag}"`).join('|');
      const offer = `COMPREPLY=($(compgen -W "${option.choices.join(' ')}" -- "$cur")); return`;
      return `    ${patterns}) ${option.choices.length > 0 ? offer : 'return'} ;;`;
    });
}

function wordCase(node: CompletionNode): string {
  const words = [...node.commands.map((command) => command.name), ...node.words].join(' ');
  const options = node.options.flatMap((option) => option.flags).join(' ');
  return `    "${node.path}") words="${words}"; options="${options}" ;;`;
}
