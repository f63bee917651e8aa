#include "runner.hpp"

void runner::segments_of_mobile_19x6() {
    study::segments_stage<spaces::mobile_19x6, search::segments<7, 6, 6>>(
        m_folder, {m.segment_samples, m.noise, given_limit(), m.segment_epochs, seed{m.seed}}, bar);
}

template void runner::run<spaces::mobile_19x6>(const std::string&);
