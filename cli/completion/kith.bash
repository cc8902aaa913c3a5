# bash completion for kith: source <(kith completion bash)
_kith() {
    local offer word
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    # what is being typed may have a quote in front
    words[COMP_CWORD-1]=${words[COMP_CWORD-1]#[\"\']}
    COMPREPLY=()
    while IFS= read -r offer; do
        word=${offer%%$'\t'*}
        COMPREPLY+=("$(printf '%q' "$word")")
    done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
}
complete -o nosort -F _kith kith 2>/dev/null || complete -F _kith kith
