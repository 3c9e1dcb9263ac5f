#include "kernels/nest.h"
