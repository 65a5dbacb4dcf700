/** The script that makes a shell complete the tools' flags; what can be completed the tools tell themselves. */
import { TOOLS } from './tools.ts'

/** For `source <(rekey completion bash)`; zsh reads the same script through its bash completion. */
export function completionScript(shell: string | undefined): string {
  const zsh =
    shell === 'zsh' ? 'autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n' : ''
  return `${zsh}_rekey_complete() {
  local word="\${COMP_WORDS[COMP_CWORD]}" tool=("\${COMP_WORDS[0]}") from=0 words=() flag= each
  if [ "\${tool[0]##*/}" = rekey ]; then
    if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "${Object.keys(TOOLS).join(' ')} completion" -- "$word")); return; fi
    if [ "\${COMP_WORDS[1]}" = completion ]; then COMPREPLY=($(compgen -W 'bash zsh' -- "$word")); return; fi
    tool+=("\${COMP_WORDS[1]}"); from=1
  fi
  # bash takes an = for a word of its own, and zsh --flag=value for one: both are completed as --flag value.
  if [ "$word" = '=' ]; then word=; fi
  case "$word" in --*=*) flag="\${word%%=*}"; word="\${word#*=}";; esac
  for each in "\${COMP_WORDS[@]:$from:$COMP_CWORD-$from}" \${flag:+"$flag"} "$word"; do
    if [ "$each" != '=' ]; then words+=("$each"); fi
  done
  COMPREPLY=($(compgen -P "\${flag:+$flag=}" -W "$("\${tool[@]}" --get-yargs-completions "\${words[@]}" 2> /dev/null)" -- "$word"))
}
complete -o default -F _rekey_complete rekey ${Object.keys(TOOLS).join(' ')}
`
}
