# bash completion for kith: source <(kith completion bash)
_kith() {
    local offer word what
    local -a words_of=() what_of=()
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    # what is being typed may have a quote in front
    words[COMP_CWORD-1]=${words[COMP_CWORD-1]#[\"\']}
    COMPREPLY=()
    while IFS= read -r offer; do
        word=${offer%%$'\t'*} what=
        [[ $offer == *$'\t'* ]] && what=${offer#*$'\t'}
        words_of+=("$(printf '%q' "$word")") what_of+=("$what")
    done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
    # where there are several, each is listed with what it is: what is typed is where they begin alike, which is before that.
    # Shells that are asked for the next one at once would type it as well, so they get the words alone.
    local i
    for i in "${!words_of[@]}"; do
        if ((${#words_of[@]} > 1 && ${COMP_TYPE:-0} == 63)) && [[ -n ${what_of[i]} ]]; then
            COMPREPLY+=("${words_of[i]}  (${what_of[i]})")
        else
            COMPREPLY+=("${words_of[i]}")
        fi
    done
}
complete -o nosort -F _kith kith 2>/dev/null || complete -F _kith kith
