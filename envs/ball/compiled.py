"""How the ball game's functions are compiled.

Divisors are never zero here (a length is compared with 0 first), so that numba's check of every division is left out:
`error_model="numpy"`, 20% of a step's time. It does not change a result. `inlined` is for the functions that hand
arrays to each other in the physics step: an array is seven words a call, and calls cost another 20%.
"""

from numba import njit

compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", inline="always")
