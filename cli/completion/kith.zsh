#compdef kith
# zsh completion for kith: kith completion zsh >"${fpath[1]}/_kith"
_kith() {
    local line
    local -a offers
    while IFS= read -r line; do
        offers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    _describe -V kith offers
}
if [ "$funcstack[1]" = "_kith" ]; then
    _kith "$@"
else
    compdef _kith kith
fi
