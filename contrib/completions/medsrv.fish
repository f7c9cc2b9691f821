# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_medsrv_global_optspecs
    string join \n config= host= port= db-path= log-file= pid-file= daemon foreground h/help V/version
end

function __fish_medsrv_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_medsrv_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_medsrv_using_subcommand
    set -l cmd (__fish_medsrv_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c medsrv -n "__fish_medsrv_needs_command" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_needs_command" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_needs_command" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_needs_command" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_needs_command" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_needs_command" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_needs_command" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_needs_command" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_needs_command" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_needs_command" -s V -l version -d 'Print version'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "start" -d 'Start the server; returns once it answers'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "stop" -d 'Stop the server and wait until it is gone'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "restart" -d 'Replace the server that runs, and refuse nobody meanwhile; one that could not be replaced goes on'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "reload" -d 'Have the running server read its configuration again'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "status" -d 'Say whether the server runs, and how it is'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "metrics" -d 'Show the metrics, as Prometheus reads them'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "check" -d 'Check the configuration without starting, and show the values that apply'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "demo" -d 'Play a hospital\'s day on a server of its own, for whoever watches; nothing stays behind'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "call" -d 'Call a method of the server, or send it a request as it stands, and show what comes back'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "user" -d 'Make accounts and change them, in the database itself, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "export" -d 'Write everything out for other systems'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "import" -d 'Load tables of the hospital\'s own from files, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "backup" -d 'Copy the database as it stands at one moment, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "restore" -d 'Put a backup in the place of the database, which is kept; no server may run'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "report" -d 'Count what came of a clinic\'s days: appointments, waiting, places, fees and beds'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "audit" -d 'Check the audit trail, or write it out'
complete -c medsrv -n "__fish_medsrv_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l demo -d 'Fill an empty database with demonstration data'
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand start" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand stop" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l demo -d 'Fill an empty database with demonstration data'
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand restart" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand reload" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l json -d 'Say it as JSON'
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l watch -d 'Say it again each second, until Ctrl-C'
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand status" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand metrics" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand check" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l fast -d 'Leave out the pauses for reading'
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand demo" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l token -d 'Call as whoever this token of session.login is of [default: the variable MEDSRV_TOKEN]' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand call" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "add" -d 'Make an account of someone who works here'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "passwd" -d 'Give an account another password, end its sessions, and forget its failed logins'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "list" -d 'List the accounts'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "disable" -d 'Let an account be used no longer, and end its sessions'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "enable" -d 'Let an account be used again that was disabled'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "unlock" -d 'Forget an account\'s failed logins, so that the next one is looked at now'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and not __fish_seen_subcommand_from add passwd list disable enable unlock help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l role -r -f -a "doctor\t''
nurse\t''
clerk\t''
admin\t''"
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l name -d 'The person\'s name; a doctor has to have one [default: the username]' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l department -d 'A doctor\'s department' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l auditor -d 'They may read the audit trail, which an administrator may not'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l role -d 'Only those of this role' -r -f -a "patient\t''
doctor\t''
nurse\t''
clerk\t''
admin\t''"
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make an account of someone who works here'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "passwd" -d 'Give an account another password, end its sessions, and forget its failed logins'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the accounts'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Let an account be used no longer, and end its sessions'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Let an account be used again that was disabled'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "unlock" -d 'Forget an account\'s failed logins, so that the next one is looked at now'
complete -c medsrv -n "__fish_medsrv_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -f -a "fhir" -d 'Write all patients and what was done for them, one FHIR R4 resource a line, one file a kind of resource'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and not __fish_seen_subcommand_from fhir help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l out -d 'A directory that is made for it, or is empty' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from fhir" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "fhir" -d 'Write all patients and what was done for them, one FHIR R4 resource a line, one file a kind of resource'
complete -c medsrv -n "__fish_medsrv_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -f -a "icd10" -d 'Load codes of ICD-10 with their titles'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -f -a "drugs" -d 'Load the drugs that the hospital prescribes'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and not __fish_seen_subcommand_from icd10 drugs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from icd10" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from drugs" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "icd10" -d 'Load codes of ICD-10 with their titles'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "drugs" -d 'Load the drugs that the hospital prescribes'
complete -c medsrv -n "__fish_medsrv_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l force -d 'Put it in the place of one that is there'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -a "verify" -d 'Say whether a backup is whole: its bytes, its pages, its rows and its audit trail'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and not __fish_seen_subcommand_from verify help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Say whether a backup is whole: its bytes, its pages, its rows and its audit trail'
complete -c medsrv -n "__fish_medsrv_using_subcommand backup; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l undo -d 'Put back what was there, after a restore that was interrupted'
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand restore" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l from -d 'The first day, YYYY-MM-DD [default: 29 days before the last one]' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l to -d 'The last day [default: today]' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l format -r -f -a "table\t''
csv\t''
json\t''
html\t''"
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l out -d 'Write to this file, which is replaced once the report is whole [default: standard output]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l title -d 'What the page is headed with, as the hospital\'s name [default: Clinic report]' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -f -a "verify" -d 'Read the whole trail, and say whether an entry was changed, removed or put in'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -f -a "export" -d 'Write the entries to standard output, one FHIR R4 AuditEvent a line'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and not __fish_seen_subcommand_from verify export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l since -d 'Only what was recorded from then on: 2026-01-31, which begins here at midnight, or 2026-01-31T08:00:00+08:00' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l format -r -f -a "ndjson\t'One JSON object a line'"
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l host -d 'Listen on this address, or call it' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l port -d 'Listen on this port, or call it; 0 lets the system choose one' -r
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l db-path -d 'Keep the database in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l log-file -d 'Write the log to this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l pid-file -d 'Keep the process id and the lock in this file' -r -F
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l daemon -d 'Run in the background, which is what `start` does anyway'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -l foreground -d 'Stay in the foreground, log to standard error too; wins over --daemon'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Read the whole trail, and say whether an entry was changed, removed or put in'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the entries to standard output, one FHIR R4 AuditEvent a line'
complete -c medsrv -n "__fish_medsrv_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "start" -d 'Start the server; returns once it answers'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "stop" -d 'Stop the server and wait until it is gone'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "restart" -d 'Replace the server that runs, and refuse nobody meanwhile; one that could not be replaced goes on'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "reload" -d 'Have the running server read its configuration again'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "status" -d 'Say whether the server runs, and how it is'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "metrics" -d 'Show the metrics, as Prometheus reads them'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "check" -d 'Check the configuration without starting, and show the values that apply'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "demo" -d 'Play a hospital\'s day on a server of its own, for whoever watches; nothing stays behind'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "call" -d 'Call a method of the server, or send it a request as it stands, and show what comes back'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "user" -d 'Make accounts and change them, in the database itself, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "export" -d 'Write everything out for other systems'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "import" -d 'Load tables of the hospital\'s own from files, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "backup" -d 'Copy the database as it stands at one moment, whether or not the server runs'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "restore" -d 'Put a backup in the place of the database, which is kept; no server may run'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "report" -d 'Count what came of a clinic\'s days: appointments, waiting, places, fees and beds'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "audit" -d 'Check the audit trail, or write it out'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and not __fish_seen_subcommand_from start stop restart reload status metrics check demo call user export import backup restore report audit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Make an account of someone who works here'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "passwd" -d 'Give an account another password, end its sessions, and forget its failed logins'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List the accounts'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Let an account be used no longer, and end its sessions'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Let an account be used again that was disabled'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "unlock" -d 'Forget an account\'s failed logins, so that the next one is looked at now'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "fhir" -d 'Write all patients and what was done for them, one FHIR R4 resource a line, one file a kind of resource'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "icd10" -d 'Load codes of ICD-10 with their titles'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "drugs" -d 'Load the drugs that the hospital prescribes'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from backup" -f -a "verify" -d 'Say whether a backup is whole: its bytes, its pages, its rows and its audit trail'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Read the whole trail, and say whether an entry was changed, removed or put in'
complete -c medsrv -n "__fish_medsrv_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write the entries to standard output, one FHIR R4 AuditEvent a line'
