namespace OrleansServe.Policies.Batching;

/// <summary>
/// How often drafts have been right lately, by their place in the run. What is not known is taken to be right, and what was known fades while
/// nothing is drafted, so that drafting is tried, and tried again after a text that it did not suit.
/// </summary>
public sealed class DraftAcceptance
{
    private const double Optimism = 2;
    private const double FadingByTrial = 0.98;
    private const double FadingByRest = 0.998;

    private readonly double[] _trials;
    private readonly double[] _hits;
    private readonly double[] _chances;

    /// <summary>Knows nothing yet.</summary>
    /// <param name="mostDrafts">Longest run of drafts.</param>
    public DraftAcceptance(int mostDrafts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mostDrafts);
        _trials = new double[mostDrafts];
        _hits = new double[mostDrafts];
        _chances = new double[mostDrafts];
        _chances.AsSpan().Fill(1);
    }

    /// <summary>[place in the run] chance of a draft to be right if all before it are.</summary>
    public ReadOnlySpan<double> Chances => _chances;

    /// <summary>Takes in a run that was verified.</summary>
    /// <param name="drafted">Drafts in it.</param>
    /// <param name="accepted">How many were right before the first that was not.</param>
    public void Verified(int drafted, int accepted)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(drafted, _trials.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(accepted);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(accepted, drafted);

        // What follows a wrong draft was not tried.
        for (int place = 0; place < Math.Min(drafted, accepted + 1); place++)
        {
            _trials[place] = (_trials[place] * FadingByTrial) + 1;
            _hits[place] = (_hits[place] * FadingByTrial) + (place < accepted ? 1 : 0);
            Reckon(place);
        }
    }

    /// <summary>Takes in a step for which fewer drafts were made than could have been.</summary>
    /// <param name="drafts">Drafts that each stream had.</param>
    public void Rested(int drafts)
    {
        for (int place = Math.Max(drafts, 0); place < _trials.Length; place++)
        {
            _trials[place] *= FadingByRest;
            _hits[place] *= FadingByRest;
            Reckon(place);
        }
    }

    private void Reckon(int place) => _chances[place] = (_hits[place] + Optimism) / (_trials[place] + Optimism);
}
