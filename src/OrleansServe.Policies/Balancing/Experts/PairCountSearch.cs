namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// Replica counts for devices of two slots. The best pairing of given replicas is known (<see cref="PairFold"/>), so the counts are what is searched: limits between a lower bound
/// and the best plan so far are tried by halving; for a limit, slots go where they reduce the shortfall of <see cref="PairCover"/> most, and then single slots change hands as long as that helps.
/// A replica more of a hot expert is not the only help: one of a cold expert makes room beside a hot one.
/// </summary>
internal sealed class PairCountSearch
{
    private const int Attempts = 4;
    private const int MostExchanges = 12;
    private const int GiversTried = 3;
    private const double Worth = 1.0005;

    // Partners this much smaller than the smallest expert are thought possible, since it may be replicated too.
    private const int SmallestPartner = 4;

    private readonly int _slots;
    private readonly PairCover _cover = new();
    private readonly PairFold _fold;
    private readonly int[] _counts;
    private readonly PairStep[] _now;
    private readonly PairStep[] _more;
    private readonly int[] _givers = new int[GiversTried];
    private readonly int[] _giverShortfalls = new int[GiversTried];

    /// <param name="experts">Experts.</param>
    /// <param name="slots">Replicas.</param>
    public PairCountSearch(int experts, int slots)
    {
        _slots = slots;
        _fold = new PairFold(slots);
        _counts = new int[experts];
        _now = new PairStep[experts];
        _more = new PairStep[experts];
    }

    /// <summary>Improves counts.</summary>
    /// <param name="loads">Experts' loads, falling; not all zero.</param>
    /// <param name="best">Counts to begin with, replaced by better ones where there are.</param>
    /// <param name="lowerBound">A load that no plan's largest is below.</param>
    public void Improve(ReadOnlySpan<double> loads, Span<int> best, double lowerBound)
    {
        double least = lowerBound;
        double largest = _fold.Largest(loads, best);
        for (int i = 0; i < Attempts && largest > least * Worth; i++)
        {
            double limit = (least + largest) / 2;
            bool fits = Fit(loads, limit);
            if (fits && _fold.Largest(loads, _counts) is var found && found < largest)
            {
                largest = found;
                _counts.CopyTo(best);
            }
            else
            {
                fits = false;
            }

            least = fits ? least : limit;
        }
    }

    /// <summary>Changes counts until they fit under a limit, as few as that takes.</summary>
    /// <param name="loads">Experts' loads, falling; not all zero.</param>
    /// <param name="counts">Counts to begin with, replaced by what was found.</param>
    /// <param name="limit">Most load of a device.</param>
    /// <param name="most">Slots that may change hands.</param>
    /// <returns>Slots that have changed hands.</returns>
    public int Adapt(ReadOnlySpan<double> loads, Span<int> counts, double limit, int most)
    {
        _cover.Reset(limit);
        for (int expert = 0; expert < loads.Length; expert++)
        {
            _counts[expert] = counts[expert];
            _now[expert] = _cover.StepOf(loads[expert], _counts[expert]);
            _more[expert] = _cover.StepOf(loads[expert], _counts[expert] + 1);
            _cover.Add(_now[expert], 1);
        }

        _cover.Sum();
        int exchanges = 0;
        while (exchanges < most && _cover.Shortfall > 0 && Exchange(loads, limit))
        {
            exchanges++;
        }

        _counts.CopyTo(counts);
        return exchanges;
    }

    // Whether all slots could be used; the shortfall may be left above zero, since the grid is coarse and the best choice may still be better than what was known.
    private bool Fit(ReadOnlySpan<double> loads, double limit)
    {
        int free = _slots;
        double smallest = loads[^1] / SmallestPartner;
        _cover.Reset(limit);
        for (int expert = 0; expert < loads.Length; expert++)
        {
            double count = Math.Max(1, Math.Ceiling(loads[expert] / (limit - smallest)));
            if (count > free)
            {
                return false;
            }

            _counts[expert] = (int)count;
            free -= (int)count;
            _now[expert] = _cover.StepOf(loads[expert], _counts[expert]);
            _more[expert] = _cover.StepOf(loads[expert], _counts[expert] + 1);
            _cover.Add(_now[expert], 1);
        }

        _cover.Sum();
        for (; free > 0; free--)
        {
            Take(loads, BestTaker(loads, -1, out _));
        }

        for (int i = 0; i < MostExchanges && _cover.Shortfall > 0 && Exchange(loads, limit); i++)
        {
        }

        return true;
    }

    // The expert whose next replica leaves the least shortfall; of equals the one with the most load for each replica.
    private int BestTaker(ReadOnlySpan<double> loads, int except, out int shortfall)
    {
        int best = -1;
        double share = 0;
        shortfall = int.MaxValue;
        PairStep before = default;
        PairStep after = default;
        for (int expert = 0; expert < loads.Length; expert++)
        {
            // Neighbours in the order of loads mostly change the same points by the same amount.
            if (expert == except || _counts[expert] == _slots / 2 || (_now[expert] == before && _more[expert] == after))
            {
                continue;
            }

            before = _now[expert];
            after = _more[expert];
            int left = _cover.ShortfallAfter(before, after);
            if (left < shortfall || (left == shortfall && loads[expert] / _counts[expert] > share))
            {
                shortfall = left;
                best = expert;
                share = loads[expert] / _counts[expert];
            }
        }

        return best;
    }

    private void Take(ReadOnlySpan<double> loads, int expert)
    {
        Change(loads, expert, 1);
        _cover.Sum();
    }

    private void Change(ReadOnlySpan<double> loads, int expert, int by)
    {
        _cover.Add(_now[expert], -1);
        _counts[expert] += by;
        _now[expert] = _cover.StepOf(loads[expert], _counts[expert]);
        _more[expert] = _cover.StepOf(loads[expert], _counts[expert] + 1);
        _cover.Add(_now[expert], 1);
    }

    // Moves one slot from an expert to another, the best of those that reduce the shortfall.
    private bool Exchange(ReadOnlySpan<double> loads, double limit)
    {
        int shortfall = _cover.Shortfall;
        int bestGiver = -1;
        int bestTaker = -1;
        int givers = FindGivers(loads, limit);
        for (int i = 0; i < givers; i++)
        {
            int giver = _givers[i];
            Change(loads, giver, -1);
            _cover.Sum();
            int taker = BestTaker(loads, giver, out int left);
            Change(loads, giver, 1);
            if (taker >= 0 && left < shortfall)
            {
                shortfall = left;
                bestGiver = giver;
                bestTaker = taker;
            }
        }

        if (bestGiver < 0)
        {
            _cover.Sum();
            return false;
        }

        Change(loads, bestGiver, -1);
        Take(loads, bestTaker);
        return true;
    }

    // The experts that lose least with a replica, at most so many.
    private int FindGivers(ReadOnlySpan<double> loads, double limit)
    {
        int found = 0;
        for (int expert = 0; expert < loads.Length; expert++)
        {
            int count = _counts[expert];
            if (count == 1 || loads[expert] > limit * (count - 1))
            {
                continue;
            }

            int left = _cover.ShortfallAfter(_now[expert], _cover.StepOf(loads[expert], count - 1));
            if (found == GiversTried && left >= _giverShortfalls[^1])
            {
                continue;
            }

            int at = found < GiversTried ? found++ : GiversTried - 1;
            Insert(expert, left, at);
        }

        return found;
    }

    private void Insert(int expert, int shortfall, int at)
    {
        for (; at > 0 && _giverShortfalls[at - 1] > shortfall; at--)
        {
            _givers[at] = _givers[at - 1];
            _giverShortfalls[at] = _giverShortfalls[at - 1];
        }

        _givers[at] = expert;
        _giverShortfalls[at] = shortfall;
    }
}
