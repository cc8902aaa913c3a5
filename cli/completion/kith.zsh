#compdef kith
# zsh completion for kith: kith completion zsh >"${fpath[1]}/_kith"
_kith() {
    local line word
    local -a offers
    while IFS= read -r line; do
        # _describe reads word:what, and takes backslashes out of both
        word=${${line%%$'\t'*}//\\/\\\\}
        offers+=("${word//:/\\:}:${${line#*$'\t'}//\\/\\\\}")
    done < <("${words[1]}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    _describe -V kith offers
}
if [ "$funcstack[1]" = "_kith" ]; then
    _kith "$@"
else
    compdef _kith kith
fi
