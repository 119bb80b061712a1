import type { CompletionNode, CompletionOption } from './tree.ts';

export function fishCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter((node) => node.path !== '').map((node) => quote(node.path));
  return `# fish completion for walq. Load it with: walq completion fish | source
function __walq_path
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$path $word")
        contains -- "$next" ${paths.join(' ')}; and set path $next
    end
    echo $path
end
function __walq_at
    test (__walq_path) = "$argv[1]"
end
complete -c walq -e
${nodes.flatMap(nodeLines).join('\n')}
`;
}

function nodeLines(node: CompletionNode): string[] {
  const start = `complete -c walq -n ${quote(`__walq_at ${quote(node.path)}`)}`;
  const commands = node.commands.map((each) => `${start} -f -a ${quote(each.name)} -d ${quote(each.description)}`);
  const words = node.words.length === 0 ? [] : [`${start} -f -a ${quote(node.words.join(' '))}`];
  return [...commands, ...words, ...node.options.map((option) => `${start} ${optionPart(option)}`)];
}

function optionPart(option: CompletionOption): string {
  const flags = option.flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const required = option.choices.length > 0 && !option.orFile ? ' -x' : option.takesValue ? ' -r' : '';
  const value = option.choices.length > 0 ? `${required} -a ${quote(option.choices.join(' '))}` : required;
  return `${flags.join(' ')}${value} -d ${quote(option.description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
