using System.Runtime.Intrinsics;

namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// How far a choice of replica counts is from fitting two to a device with no device above a limit. With x the load of a replica, a device takes at most one that is above half
/// the limit (large), and beside it only one of at most limit − x. So for every t up to half the limit: large replicas of at least limit − t ≤ small replicas of at most t.
/// (By Hall's theorem that is also enough.) The profile holds small − large at a grid of t; where it is negative, the choice falls short.
/// </summary>
internal sealed class PairCover
{
    /// <summary>Steps of the grid over half the limit.</summary>
    private const int Bins = 64;

    /// <summary>One past the last point of the grid.</summary>
    private const int End = Bins + 1;

    // Changes that are judged exactly; larger ones are judged as these.
    private const int Lowest = -6;
    private const int Highest = 9;
    private const int Changes = Highest - Lowest + 1;
    private const double Rounding = 1e-9;

    private readonly int[] _profile = new int[End];

    // For each point, and for each change of the whole profile by a constant: shortfalls of all points before, summed.
    private readonly int[] _sums = new int[(End + 1) * Changes];
    private double _limit;
    private double _scale;

    /// <summary>Shortfall over the whole grid; 0 if the counts fit as far as the grid can tell.</summary>
    public int Shortfall { get; private set; }

    /// <summary>Starts with no replicas.</summary>
    /// <param name="limit">Most load of a device.</param>
    public void Reset(double limit)
    {
        _limit = limit;
        _scale = 2 * Bins / limit;
        Array.Clear(_profile);
    }

    /// <summary>What <paramref name="count"/> replicas of load <paramref name="load"/> / <paramref name="count"/> add to the profile, from where on.</summary>
    public PairStep StepOf(double load, int count)
    {
        double share = load / count;
        bool large = 2 * share > _limit;
        double from = large ? _limit - share : share;
        return new PairStep(Math.Clamp((int)Math.Ceiling((from * _scale) - Rounding), 0, End), large ? -count : count);
    }

    /// <summary>Adds replicas, or with a negative <paramref name="sign"/> takes them away.</summary>
    public void Add(PairStep step, int sign)
    {
        int change = sign * step.Change;
        for (int i = step.From; i < _profile.Length; i++)
        {
            _profile[i] += change;
        }
    }

    /// <summary>Sums the shortfalls up, after the profile has changed.</summary>
    public void Sum()
    {
        // Sixteen changes side by side, in two vectors.
        Vector256<int> lowChanges = Vector256<int>.Indices + Vector256.Create(Lowest);
        Vector256<int> highChanges = lowChanges + Vector256.Create(Vector256<int>.Count);
        Vector256<int> low = Vector256<int>.Zero;
        Vector256<int> high = Vector256<int>.Zero;
        Span<int> sums = _sums;
        for (int i = 0; i < _profile.Length; i++)
        {
            low.CopyTo(sums);
            high.CopyTo(sums[Vector256<int>.Count..]);
            sums = sums[Changes..];
            Vector256<int> point = Vector256.Create(_profile[i]);
            low += Vector256.Max(Vector256<int>.Zero, -(point + lowChanges));
            high += Vector256.Max(Vector256<int>.Zero, -(point + highChanges));
        }

        low.CopyTo(sums);
        high.CopyTo(sums[Vector256<int>.Count..]);
        Shortfall = _sums[(End * Changes) - Lowest];
    }

    /// <summary>The shortfall if <paramref name="before"/> were replaced by <paramref name="after"/>.</summary>
    public int ShortfallAfter(PairStep before, PairStep after)
    {
        int first = before.From;
        int firstChange = -before.Change;
        int second = after.From;
        int bothChange = firstChange + after.Change;
        if (first > second)
        {
            (first, second) = (second, first);
            firstChange = after.Change;
        }

        return Part(0, 0, first) + Part(firstChange, first, second) + Part(bothChange, second, End);
    }

    private int Part(int change, int from, int to)
    {
        int column = Math.Clamp(change, Lowest, Highest) - Lowest;
        return _sums[(to * Changes) + column] - _sums[(from * Changes) + column];
    }
}
