// expect: [F0525] train(net, images): the images must be one split, such as data.train
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/train.hpp>

using namespace fitnas;
void train_it(supernet<spaces::fashion_tiny>& super, const dataset& data) { train(super, data); }
