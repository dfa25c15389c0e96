"""torch modules: tensors in, tensors out.

torch's threads wait for each other between steps by turning on the spot, which on a machine that does anything else
takes ten times as long as the work. So they are told to sleep, unless the environment says how they shall wait; it is
read once, when torch is first imported.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
