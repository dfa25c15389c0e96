"""torch modules: tensors in, tensors out.

torch's threads wait for one another by turning on the spot. A recurrent net makes them wait at every step of the time,
so that to sleep at once costs it much of its speed; but to turn for as long as they do by default, beside anything else
that runs on the machine, may take longer than the work. So they turn for a moment, unless the environment says how they
shall wait; it is read once, when torch is first imported.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
