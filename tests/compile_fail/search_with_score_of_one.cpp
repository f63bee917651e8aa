// expect: [F0729] search::evolution<Space>(score): score must take a
#include <fitnas/search/evolution.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
void search_it() {
    search::evolution<codes<3, 3>>([](const architecture<codes<3, 3>>& one) { return one[0] + 0.5; });
}
