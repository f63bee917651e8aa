# What Doxygen is given in place of a header: the group of its room around what stands in namespace fitnas, no `detail`,
# and a sentence for members that mean the same wherever they are. Lines keep their numbers, which takes that a blank
# line follows where the namespace begins.
FNR == 1 {
    room = FILENAME
    sub(/^.*include\/fitnas\//, "", room)
    room = room ~ /\// ? substr(room, 1, index(room, "/") - 1) : "core"
    part = FILENAME
    sub(/^.*include\/fitnas\//, "", part)
}

# What is said of a member without a comment of its own; "" if nothing is known of it.
function known(line) {
    if (line ~ /= default;/) return "Member by member."
    if (line ~ /^    using space = /) return "The search space."
    if (line ~ /seed seed\{/) return "Of all random numbers."
    if (line ~ /limit limit\{\};/) return "What is found keeps it."
    if (line ~ / (name|name\{\});$/) return "What it is called."
    if (line ~ / size\(\) const/) return "How many there are."
    if (line ~ / empty\(\) const/) return "Whether there are none."
    if (line ~ / predict\(std::span/) return "Predictions, one for each architecture, in their order."
    if (line ~ / predict\(const architecture/) return "The prediction of one."
    if (part == "nn/primitive.hpp" && line ~ / \(\*[a-z]+\)\(shape input/) return "See `custom_primitive_type`."
    if (part ~ /^op\// && line ~ / (name =|build\(|shortcut\()/) return "See `candidate_operator`."
    if (part ~ /^predictor\/gcn\/window_rule/) return "See `window_rule`."
    if (part ~ /^predictor\/gcn\// &&
        line ~ / (works_on|row_wise|in_place) = | (output|parameters|initialise|forward|backward)\((signal|const site)/)
        return "See `layer_type`."
    if (part ~ /^predictor\/encoding\// &&
        line ~ / (nodes|features) = | adjacency( =|\{|\[)| (cell_of|write_node|encode)\(/)
        return "See `encoding_type`."
    if (part ~ /^predictor\/feature\// && line ~ / width =| write\(/) return "See `feature_of`."
    if (part == "io/predictor_format.hpp" && line ~ / (model|values|read)\(/) return "See `predictor_format`."
    if (part == "predictor/windows.hpp" && line ~ / fault =| contributions\(/) return "See `window_traits`."
    return ""
}

begins {
    print "@{ */" $0
    begins = 0
    next
}
/^namespace ([a-z_]+::)*detail \{$/ { hidden = 1 }
hidden {
    if (/^} \/\/ namespace ([a-z_]+::)*detail$/) {
        hidden = 0
    }
    print ""
    next
}
/^namespace fitnas(::[a-z_:]+)? \{$/ {
    print $0 " /** @addtogroup " room
    begins = 1
    next
}
/^namespace [a-z_]+ \{$/ { # inside fitnas, and a group does not reach into it
    print "/** @} */ " $0 " /** @addtogroup " room
    begins = 1
    next
}
/^} \/\/ namespace fitnas(::[a-z_:]+)?$/ {
    print "/** @} */ " $0
    next
}
/^} \/\/ namespace [a-z_]+$/ {
    print "/** @} */ } /** @addtogroup " room
    begins = 1
    next
}
/^(struct|class) .*\{$/ || /^public:/ { public = 1 }
/^(private:|};)/ { public = 0 }
# The line before has the arguments of a template: what is said stands before it.
held != "" {
    if (/^(explicit )?[a-z_]+\(.*\) -> /) {
        print "\n" # a deduction guide
    } else {
        what = public && /^    [a-z]/ ? known($0) : ""
        print (what != "" ? "/** " what " */" : "") held "\n" $0
    }
    held = ""
    next
}
before !~ /^ *(\/\/\/|requires)/ && /^ *template <.*>$/ {
    held = $0
    next
}
public && /^    [a-z]/ && !/\/\/\/</ && before !~ /^    (\/\/\/|requires)/ && (what = known($0)) != "" {
    print "/** " what " */" $0
    before = $0
    next
}
{
    before = $0
    print
}
