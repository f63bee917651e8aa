/// @file
/// @brief `<mpi.h>` (MPI 3: Open MPI, MPICH), without the C++ interfaces that MPI has no more.

#ifndef FITNAS_MPI_MPI_HPP
#define FITNAS_MPI_MPI_HPP

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1 ///< Open MPI's, which warns
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1 ///< MPICH's
#endif
#include <mpi.h>

#endif
