/** `completion`: the shells' completion scripts. Each just calls `seapath __complete`. */
import type { Run, Verb } from "./verb";

const SCRIPTS: Record<string, string> = {
  bash: `# bash completion of seapath: source <(seapath completion bash)
_seapath() {
  local cur=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _seapath seapath
`,
  zsh: `#compdef seapath
# zsh completion of seapath: source <(seapath completion zsh), after compinit
_seapath() {
  local -a found shown
  local line files
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      found+=("\${line%%$'\\t'*}")
      shown+=("\${line/$'\\t'/  -- }")
    fi
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && compadd -l -d shown -- "\${found[@]}"
  [[ -n $files ]] && _files
}
compdef _seapath seapath
`,
  fish: `# fish completion of seapath: seapath completion fish | source
function __seapath_complete
    set -l token (commandline -ct)
    set -l words (commandline -opc) "$token"
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$token"
        else
            echo $line
        end
    end
end
complete -c seapath -f -a '(__seapath_complete)'
`,
};

async function completion({ given, out }: Run): Promise<void> {
  out(SCRIPTS[given.get("shell")] ?? "");
  return Promise.resolve();
}

export const completing: readonly Verb[] = [
  {
    name: "completion",
    help: "Write to standard output what makes a shell complete this program's words",
    more: "bash: source <(seapath completion bash)\nzsh:  source <(seapath completion zsh), after compinit\nfish: seapath completion fish | source",
    options: [],
    positionals: [{ name: "shell", takes: "text", choices: Object.keys(SCRIPTS), help: "bash, zsh or fish" }],
    ours: true,
    local: true,
    run: completion,
  },
];
