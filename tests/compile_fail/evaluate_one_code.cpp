// expect: [F0526] evaluate(net, architectures, data): expected architectures of the
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/evaluate.hpp>

using namespace fitnas;
void score_it(const supernet<spaces::fashion_tiny>& super, const dataset& data) {
    evaluate<spaces::fashion_tiny>(super, parse<spaces::fashion_tiny>("0123"), data);
}
