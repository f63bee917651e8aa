// expect: [F0730] search::exhaustive(model): a model names its `space` and has
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/score_table.hpp>

using namespace fitnas;
void search_it(const score_table<codes<3, 3>>& table) { search::exhaustive(table); }
