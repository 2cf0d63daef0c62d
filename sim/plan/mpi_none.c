/* One process: what mpi.h is without MPI.
 *
 * Rank 0 of 1. Nothing is ever sent, and nothing comes.
 * No memory.
 */
#include "base/check.h"
#include "plan/mpi.h"

bool cs_mpi_is_built(void)
{
    return false;
}

void cs_mpi_start(void)
{
}

int cs_mpi_rank(void)
{
    return 0;
}

int cs_mpi_size(void)
{
    return 1;
}

void cs_mpi_send(int to, enum cs_mpi_kind kind, size_t point, const char *text)
{
    (void)to, (void)kind, (void)point, (void)text;
    cs_check(false && "there is nobody to send to");
}

bool cs_mpi_take(struct cs_mpi_message *message)
{
    (void)message;
    return false;
}

bool cs_mpi_agree(unsigned long long what)
{
    (void)what;
    return true;
}

void cs_mpi_end(void)
{
}
