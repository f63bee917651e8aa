// PROGRAM --alone: one process without MPI. mpirun ... PROGRAM: what all come to, if it is the same. PROGRAM
// --keep FILE: what kill.sh kills.
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <fitnas/mpi/session.hpp> // first: it includes what it uses

#include "come_to.hpp"

__attribute__((weak)) void keep(fitnas::peers*, const std::string&) {}

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--alone") == 0) {
        std::fputs(come_to(nullptr).c_str(), stdout);
        return 0;
    }
    fitnas::mpi::session all(argc, argv);
    if (argc == 3 && std::strcmp(argv[1], "--keep") == 0) {
        try {
            keep(&all, argv[2]);
        } catch (const std::exception& e) { // agreed
            std::fprintf(stderr, "process %d of %d: %s\n", all.rank(), all.count(), e.what());
            return 1;
        }
        return 0;
    }
    std::string text;
    try {
        text = come_to(&all);
    } catch (const std::exception& e) { // not agreed: others go on, and may wait for this one
        std::fprintf(stderr, "process %d of %d: %s\n", all.rank(), all.count(), e.what());
        throw;
    }
    const std::vector<std::string> texts = all.gather(text);
    int failed = 0;
    for (std::size_t r = 1; r < texts.size(); ++r) {
        if (texts[r] != texts[0]) {
            failed = 1;
            if (all.rank() == 0) {
                std::printf("process %zu came to something else:\n%s", r, texts[r].c_str());
            }
        }
    }
    if (all.rank() == 0) {
        std::fputs(text.c_str(), stdout);
    }
    return failed;
}
