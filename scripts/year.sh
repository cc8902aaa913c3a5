# shellcheck shell=bash disable=SC2034,SC2154
# The story that scripts/demo --year tells: five people who go from working each by themselves to a co-op that takes requests
# together. It is sourced there, and uses its functions. Hours carry the days of a year; all else is written while it is told.

# ago DAYS is the day so many days back.
ago() { date -d "-$1 days" +%F; }

# logs MEMBER PROJECT HOURS FROM STEP COUNT [FLAG…] logs as many entries, each STEP days after the one before, the first FROM days back.
logs() {
	local who=$1 project=$2 hours=$3 from=$4 step=$5 count=$6 i
	for ((i = 0; i < count; i++)); do
		"$who" time log "$hours" --project "$project" --on "$(ago $((from - i * step)))" "${@:7}" >/dev/null
	done
}

# quietly COMMAND… runs one of which nothing is shown, unless it fails.
quietly() {
	local says
	says=$("$@" 2>&1 >/dev/null) || die 1 "$says"
}

# alone MEMBER TITLE begins a project that is theirs alone.
alone() {
	local project
	project=$("$1" project add "$2" --coordinator me)
	quietly "$1" project take "$project"
	quietly "$1" project start "$project"
}

tell "Four freelancers found a co-op. Each has customers of their own, and works alone."
ana init "Riso Print Co-op" --as Ana --founders 4 "${local_only[@]}" >"$demo/ana.log"
begin ana
for m in ben cleo dora; do
	code=$(ana invite list --jq '[.[] | select(.state == "open")][0].code')
	"$m" join "$code" --as "${m^}" "${local_only[@]}" >"$demo/$m.log"
	begin "$m"
	settle ana "$m"
done
settle ana ben cleo dora
alone ana "Poster for the fair"
alone ben "Zines"
alone cleo "Website of the school"
alone dora "Book covers"
logs ana "Poster for the fair" 4h 350 9 8
logs ben "Zines" 5h 345 11 7
logs cleo "Website of the school" 6h 340 8 8
logs dora "Book covers" 3h 338 7 9
settle ana ben cleo dora
shows ana project list
shows ana time report --to "$(ago 270)"
for one in ana:"Poster for the fair" cleo:"Website of the school" dora:"Book covers"; do
	quietly "${one%%:*}" project close "$(ana project list --called "${one#*:}" --jq '.[0].id')"
done

tell "A job is too large for one. They coordinate each other, and write that down as work, too."
fair=$(ben project add "Winter fair" --client "The town" --budget 160h --rate "60 EUR" --coordinator Cleo)
settle ana ben cleo dora
quietly cleo project take "$fair"
quietly cleo project start "$fair"
logs ana "Winter fair" 6h 260 6 8
logs ben "Winter fair" 5h 258 7 7
logs cleo "Winter fair" 2h 255 7 8 --coordination
booth=$(ben task add "Build the booth" --project "Winter fair" --hours 40 --ask Ana)
settle ana ben cleo dora
ana task show "$booth" >/dev/null
ana task accept "$booth" >/dev/null
ana task done "$booth" >/dev/null
settle ana ben cleo dora
shows dora project show "$fair"

tell "It was a lot. They ask each other how they are, and where they think they stand."
spring=$(cleo pulse open "How are we, after the fair")
settle ana ben cleo dora
ana pulse say "$spring" --well "we can do what none of us could" --not-well "nobody knew who answers the town" --stage storming >/dev/null
dora pulse say "$spring" --collaboration "it is never lonely" --collaboration-not "Cleo wrote all the mails, and nobody saw it" --stage forming >/dev/null
settle ana dora cleo ben
cleo pulse say "$spring" --not-well "mails at night" --stage storming >/dev/null
settle ana ben cleo dora
quietly cleo pulse close "$spring"
quietly cleo pulse retro "$spring" --action "Propose what coordination costs=2h"
settle ana ben cleo dora
shows ben pulse show "$spring"

tell "What coordination costs becomes an agreement, which all have read, and who does it a role that goes round."
todo=$(ana task list --nobody --jq '.[0].id')
ana task take "$todo" >/dev/null
price=$(ana decision propose "Coordination is work, and is paid" --text "15 % on top, in a line of its own.")
settle ana ben cleo dora
for m in ben cleo dora; do
	"$m" decision show "$price" >/dev/null
	"$m" decision consent "$price" >/dev/null
	settle "$m" ana
done
settle ana ben cleo dora
quietly ana decision close "$price" --text "From January on"
agreement=$(ana agreement add "The price of coordination" --template coordination --decision "$price" --set coordination=15% --set hours_limit=30h --review "in 9 months" 2>/dev/null)
ana agreement read "$agreement" >/dev/null
ana task done "$todo" >/dev/null
role=$(ana role add "Project management" --purpose "customers hear from one of us, and nobody is overrun" --hours 4 --until "in 3 months" --public "Ask how your order is doing." 2>/dev/null)
settle ana ben cleo dora
for m in ben cleo dora; do
	"$m" agreement show "$agreement" >/dev/null
	"$m" agreement read "$agreement" >/dev/null
	"$m" role opt-in "$role" >/dev/null
	settle "$m" ana
done
settle ana ben cleo dora
ana role rotate "$role" --until "in 3 months" --decision "$price" >/dev/null 2>&1
settle ana ben cleo dora
next=$(ana role show "$role" --jq '.held_by[0].name')
"${next,,}" role take "$role" >/dev/null
settle ana ben cleo dora
shows ana role show "$role"
shows ben time invoice --project "Winter fair"
cleo project close "$fair" >/dev/null
settle ana ben cleo dora

tell "Requests come to one place. How full they are stands beside each before anybody says yes."
for m in ana ben cleo dora; do "$m" load set 20h/week >/dev/null; done
museum=$(ana project add "Museum catalogue" --client "The museum" --budget 600h --rate "60 EUR" --coordinator me --due "in 7 weeks" 2>/dev/null)
quietly ana project take "$museum"
quietly ana project start "$museum"
settle ana ben cleo
for part in ana:"Typeset the catalogue" ben:"Print the catalogue" cleo:"Photographs of the rooms"; do
	task=$("${part%%:*}" task add "${part#*:}" --project "$museum" --hours 180 --due "in 7 weeks" 2>/dev/null)
	quietly "${part%%:*}" task take "$task"
	logs "${part%%:*}" "$museum" 3h 20 5 3
done
logs ana "$museum" 1h 20 5 3 --coordination
intake=$(dora role add "Intake" --purpose "somebody answers whoever writes to us" --hours 2 --public "Write to us with what you need, and until when.")
dora role take "$intake" >/dev/null
dora profile set --does "types, prints, answers mails" --public "Dora" >/dev/null
settle ana ben cleo dora
shop=$(dora intake add "Tandem Bikes" --text "A website with a shop" --budget 4000EUR --due "in 10 weeks" 2>/dev/null)
dora intake talk "$shop" >/dev/null
dora intake estimate "$shop" --hours 60 >/dev/null
shows dora intake show "$shop"
dora intake accept "$shop" --task "Talk about what they need=3h" --task "Wireframes=12h" --task "The shop=45h" >/dev/null
settle ana ben cleo dora
for m in ana ben cleo; do
	task=$("$m" task list --project "Tandem Bikes" --nobody --jq '.[0].id')
	"$m" task take "$task" >/dev/null
	settle ana ben cleo dora
done
bikes=$(dora project list --called "Tandem Bikes" --jq '.[0].id')
quietly dora project take "$bikes"
quietly dora project start "$bikes"
logs ana "Tandem Bikes" 3h 60 5 6 --task "$(ana task list --mine --open --project "Tandem Bikes" --jq '.[0].id')"
logs dora "Tandem Bikes" 1h 58 5 6 --coordination
settle ana ben cleo dora

tell "With it they are over what they can give. It is said of the co-op, with what could give way, and of nobody."
shows ana load

tell "Eli comes to them, with Cleo as companion. Everybody sees what is next."
code=$(cleo invite --jq .code)
eli join "$code" --as Eli "${local_only[@]}" >"$demo/eli.log"
begin eli
settle cleo eli ana ben dora
eli_is=$(ana newcomer add Eli --companion Cleo --meet "in 3 months" --expect "a word each month on how it goes" 2>/dev/null)
settle ana ben cleo dora eli
cleo newcomer take "$eli_is" >/dev/null
eli newcomer done "$eli_is" 1 >/dev/null
settle ana ben cleo dora eli
shows eli today

tell "How are they? Each says it in their own words, and it is shown together."
round=$(ben pulse open "How are we, a year on")
settle ana ben cleo dora eli
ana pulse say "$round" --well "we earn the same" --not-well "I work at night" --stage norming >/dev/null
ben pulse say "$round" --collaboration "we answer each other" --collaboration-not "nobody says no" --stage storming >/dev/null
cleo pulse say "$round" --well "customers come back" --stage norming >/dev/null
settle ana ben cleo dora eli
quietly ben pulse close "$round"
quietly ben pulse retro "$round" --action "Say no to one request=1h" --action "Agree on evenings"
settle ana ben cleo dora eli
shows dora pulse show "$round"
shows dora pulse list

tell "A year in hours: coordination had no name at first, and has its share now."
shows ana time report
shows ana time report --by kind

tell "And what they tell others."
shows ana about show
same project list
same role list
same task list
tell "All five read the same, to the letter."
