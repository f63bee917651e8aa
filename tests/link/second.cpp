#include <fitnas/fitnas.hpp>

long long macs_seen_by_second() {
    using space = fitnas::spaces::fashion_mini;
    return fitnas::cost::macs<space>(fitnas::parse<space>("012013"));
}
