"""How the ball game's functions are compiled.

Divisors are never zero here (a length is compared with 0 first), so that numba's check of every division is left out:
`error_model="numpy"`, 20% of a step's time. It does not change a result.

inlined    for functions that hand arrays to each other in the physics step: an array is seven words a call, and calls
           cost another 20%
merged     LLVM must inline it, however rarely it is needed. A call that stays a call may raise, as far as the caller
           knows, who then counts references to his arrays: observing took half as long again
"""

from numba import njit

compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", inline="always")
merged = njit(cache=True, error_model="numpy", forceinline=True)
