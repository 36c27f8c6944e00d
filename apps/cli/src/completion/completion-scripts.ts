import type { CompletedCommand } from './describe-commands.js';

/** The shells that the command line can be completed in. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Returns the script for a shell, which completes the commands of the program of this name. */
export const completionScripts: Readonly<
  Record<Shell, (program: string, commands: readonly CompletedCommand[]) => string>
> = { bash: bashScript, zsh: zshScript, fish: fishScript };

const words = (list: readonly { readonly word: string }[]): string => list.map(({ word }) => word).join(' ');

function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap(({ word: command, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ word, values: choices }) => `    '${command} ${word}') words='${choices.join(' ')}' ;;`),
  );
  const first = commands.map(
    ({ word, options, values: choices }) => `    ${word}) words='${[...choices, words(options)].join(' ').trim()}' ;;`,
  );
  return `# Completes ${program} in bash. Load it with: source <(${program} completion bash)
_context_store() {
  local words='' current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${words(commands)} --help --version' -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
    *) case "\${COMP_WORDS[1]}" in
${first.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _context_store ${program}
`;
}

/** Quotes a text for zsh and fish. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Escapes what ends a description in a specification of zsh. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);

function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ word, description }) => `    ${quoted(`${word}:${zshText(description)}`)}`);
  const cases = commands.map(({ word, options, values }) => {
    const specs = options.map((option) => {
      const value = option.takesValue ? `:value:(${option.values.join(' ')})` : '';
      return quoted(`${option.word}[${zshText(option.description)}]${value}`);
    });
    const argument = values.length > 0 ? [quoted(`1:value:(${values.join(' ')})`)] : [quoted('*:value:_default')];
    return `    ${word}) _arguments ${[...specs, ...argument].join(' ')} ;;`;
  });
  return `#compdef ${program}
# Completes ${program} in zsh. Load it with: source <(${program} completion zsh)
_context_store() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _context_store ${program}
`;
}

function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const complete = `complete -c ${program}`;
  const lines = commands.flatMap(({ word: command, description, options, values }) => {
    const seen = `-n '__fish_seen_subcommand_from ${command}'`;
    return [
      `${complete} -n __fish_use_subcommand -f -a ${command} -d ${quoted(description)}`,
      ...(values.length > 0 ? [`${complete} ${seen} -f -a ${quoted(values.join(' '))}`] : []),
      ...options.map(({ word, description: purpose, takesValue, values: choices }) =>
        [
          `${complete} ${seen} -l ${word.replace(/^--/, '')} -d ${quoted(purpose)}`,
          ...(takesValue ? ['-r'] : []),
          ...(choices.length > 0 ? [`-f -a ${quoted(choices.join(' '))}`] : []),
        ].join(' '),
      ),
    ];
  });
  return `# Completes ${program} in fish. Load it with: ${program} completion fish | source\n${lines.join('\n')}\n`;
}
