# Completion of wshub for bash. Commands and options are those of the program's own help, so that the two agree.
_wshub() {
    local cur prev words cword
    _init_completion || return

    # The command is the first word that is no option and no option's value.
    local command= at
    for ((at = 1; at < cword; ++at)); do
        case ${words[at]} in
            --config | --set) ((++at)) ;;
            -*) ;;
            *)
                command=${words[at]}
                break
                ;;
        esac
    done

    case $prev in
        --config)
            _filedir ini
            return
            ;;
        --directory)
            _filedir -d
            return
            ;;
        --set)
            # section.key= of the configuration in force; of the defaults for those who may not read it
            local keys
            keys=$({ "$1" --print-config || "$1" --print-config --config /dev/null; } 2>/dev/null | awk '/^\[/ { section = substr($0, 2, length($0) - 2) } /^[a-z_]+ =/ { print section "." $1 "=" }')
            mapfile -t COMPREPLY < <(compgen -W "$keys" -- "$cur")
            compopt -o nospace
            return
            ;;
    esac

    local help names
    help=$("$1" ${command:+"$command"} --help 2>/dev/null)
    if [[ $cur == -* ]]; then
        names=$(grep -oE -- '(^|[[:space:][(])(--[a-z][a-z-]*|-[a-z])\b' <<<"$help" | grep -oE -- '-.*' | sort -u)
    elif [[ -z $command ]]; then
        names=$(awk '/^Commands/ { inside = 1; next } /^[^ ]/ { inside = 0 } inside && /^  [a-z]/ { print $1 }' <<<"$help")
    elif [[ $command != new-plugin ]]; then
        names=$(awk '/^(Operations|Commands)/ { inside = 1; next } /^[^ ]/ { inside = 0 } inside && /^  [a-z]/ { print $1 }' <<<"$help")
        _filedir
    fi
    local more
    mapfile -t more < <(compgen -W "$names" -- "$cur" | sort -u)
    COMPREPLY+=("${more[@]}")
    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _wshub wshub
