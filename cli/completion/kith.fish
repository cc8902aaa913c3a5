# fish completion for kith: kith completion fish >~/.config/fish/completions/kith.fish
function __kith_offers
    set -l words (commandline -opc)
    set -e words[1]
    kith __complete -- $words (commandline -ct) 2>/dev/null
end
complete -c kith -f -k -a '(__kith_offers)'
