namespace OrleansServe.Policies.Batching;

/// <summary>
/// Decides how many drafts each stream has verified in the next step: as many as bring the most tokens in a second. A lone stream's step mostly
/// waits for weights, so a second row costs next to nothing; a full batch pays for each row, right or wrong, and does without.
/// </summary>
public static class DraftPolicy
{
    /// <summary>Drafts for each stream.</summary>
    /// <param name="load">The step.</param>
    /// <param name="limits">What drafting costs here.</param>
    /// <param name="chances">[most drafts] chance of the draft at each place of a run to be right if all before it are.</param>
    /// <returns>From 0 to <see cref="DraftLimits.MostDrafts"/>; the drafts of all streams fit into <see cref="DraftLoad.TokensLeft"/>.</returns>
    public static int Choose(in DraftLoad load, in DraftLimits limits, ReadOnlySpan<double> chances)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limits.MostDrafts);
        ArgumentOutOfRangeException.ThrowIfLessThan(chances.Length, limits.MostDrafts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limits.BreakEvenRows);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.PassCost);
        if (load.Streams <= 0)
        {
            return 0;
        }

        // A step of R rows takes BreakEvenRows + R, in units of a row; each pass of the draft layer its share of a plain step.
        double plain = limits.BreakEvenRows + load.Streams + load.PromptTokens;
        double pass = limits.PassCost * (limits.BreakEvenRows + load.Streams);
        int most = Math.Min(limits.MostDrafts, Math.Max(load.TokensLeft, 0) / load.Streams);
        double tokens = load.Streams + load.PromptTokens;
        double holds = 1;
        (int best, double bestRate) = (0, tokens / plain);
        for (int drafts = 1; drafts <= most; drafts++)
        {
            holds *= chances[drafts - 1];
            tokens += load.Streams * holds;
            double rate = tokens / (plain + (drafts * (load.Streams + pass)));
            if (rate > bestRate)
            {
                (best, bestRate) = (drafts, rate);
            }
        }

        return best;
    }
}
