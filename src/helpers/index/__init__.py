"""The five-force index: a firm-by-indicator table and the force map in; scores, ranks and their uncertainty out.

Steps as the OECD/JRC handbook (2008) names them, each a choice that is stated and can be changed:

choices       what can be chosen, and what is refused
outliers      winsorisation or Box-Cox, with what changed
missing       which forces a firm has data for; imputation
normalise     indicators on one positive scale, within year and size class
weights       equal, entropy, PCA, CRITIC, or an expert's
aggregate     arithmetic, geometric, Mazziotta-Pareto; indicators to forces, forces to the index
build         the steps in order
structure     Cronbach's alpha, correlations, principal components, one-factor fit, importance against weight
uncertainty   all choices at once: rank intervals, and which choice matters (Sobol)
years         places of one day beside those of another
classes       size classes within which firms are compared
scores        the forces on the last day of each year, for firm-years

The mapping of mechanisms to forces is the project's own. No outcome and no growth score may enter.
"""

from helpers.index.build import Index, build
from helpers.index.choices import Choices

__all__ = ["Choices", "Index", "build"]
