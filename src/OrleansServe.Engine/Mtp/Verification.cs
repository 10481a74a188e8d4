namespace OrleansServe.Engine.Mtp;

/// <summary>Tells which tokens of a verified run are those that plain decoding gives.</summary>
public static class Verification
{
    /// <summary>
    /// Number of tokens, from the first sampled one on, that stand. The first always does, since it follows what is known; each further
    /// one stands if the draft that it follows is the token sampled before it. A token that carries an error ends the run and is counted.
    /// </summary>
    /// <param name="sequence">as it was planned, its drafts the last <c>SampleRows − 1</c> tokens</param>
    /// <param name="result">of the step</param>
    /// <param name="index">the sequence's index in the plan</param>
    public static int CountStanding(in StepSequence sequence, StepResult result, int index)
    {
        ArgumentNullException.ThrowIfNull(result);
        var standing = Math.Min(sequence.SampleRows, 1);
        var drafts = sequence.Tokens.Span[(sequence.Tokens.Length - sequence.SampleRows + standing)..];
        while (standing < sequence.SampleRows && result.Token(index, standing - 1).Token == drafts[standing - 1])
        {
            standing++;
        }

        return standing;
    }
}
