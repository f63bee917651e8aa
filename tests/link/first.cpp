// Two files that both include everything link into one program: nothing is defined twice.
#include <fitnas/fitnas.hpp>

long long macs_seen_by_second();

int main() {
    using space = fitnas::spaces::fashion_mini;
    const fitnas::architecture<space> a = fitnas::parse<space>("012013");
    return fitnas::cost::macs<space>(a) == macs_seen_by_second() ? 0 : 1;
}
