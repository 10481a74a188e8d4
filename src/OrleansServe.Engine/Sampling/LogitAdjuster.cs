namespace OrleansServe.Engine.Sampling;

/// <summary>
/// Changes logits as a request asks for, before its temperature applies: bias, repetition penalty, frequency penalty, presence penalty, then the
/// tokens that must not be drawn. Holds scratch memory for one thread; nothing carries over from call to call.
/// </summary>
/// <param name="vocabulary">logits per row</param>
internal sealed class LogitAdjuster(int vocabulary)
{
    private const int Seen = 1;
    private const int Produced = 2;

    // Zero between calls. Of each token, whether it has occurred at all, and from the second bit on how often it was produced.
    private readonly int[] _counts = new int[vocabulary];

    /// <summary>Adjusts a row.</summary>
    /// <param name="parameters">validated; what they ask for decides what this costs</param>
    /// <param name="position">position that the drawn token will have</param>
    /// <param name="history">the tokens before it; used only where <see cref="SamplingParameters.CountsTokens"/></param>
    /// <param name="logits">[vocabulary] finite; tokens that must not be drawn become −∞</param>
    public void Apply(SamplingParameters parameters, int position, TokenHistory history, Span<float> logits)
    {
        foreach (var (token, bias) in parameters.LogitBias)
        {
            logits[token] = Finite(logits[token] + bias);
        }

        if (parameters.CountsTokens)
        {
            Count(parameters.PromptTokens, history);
            Penalise(parameters, history, logits);
        }

        if (parameters.MinTokens > 0 && position - parameters.PromptTokens < parameters.MinTokens)
        {
            foreach (var token in parameters.StopTokens)
            {
                logits[token] = float.NegativeInfinity;
            }
        }

        if (parameters.TokenLimit > 0 && parameters.TokenLimit < logits.Length)
        {
            logits[parameters.TokenLimit..].Fill(float.NegativeInfinity);
        }
    }

    private void Count(int promptTokens, TokenHistory history)
    {
        var prompt = Math.Min(promptTokens, history.Length);
        for (var i = 0; i < prompt; i++)
        {
            _counts[history[i]] |= Seen;
        }

        for (var i = prompt; i < history.Length; i++)
        {
            _counts[history[i]] += Produced;
        }
    }

    // Visits each token once and forgets its count: the next call finds zeros, and the order of visits does not matter.
    private void Penalise(SamplingParameters parameters, TokenHistory history, Span<float> logits)
    {
        for (var i = 0; i < history.Length; i++)
        {
            var token = history[i];
            var count = _counts[token];
            if (count == 0)
            {
                continue;
            }

            _counts[token] = 0;
            var logit = logits[token];
            logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
            var produced = count / Produced;
            if (produced > 0)
            {
                logit = MathF.FusedMultiplyAdd(-produced, parameters.FrequencyPenalty, logit) - parameters.PresencePenalty;
            }

            logits[token] = Finite(logit);
        }
    }

    // A sum beyond the largest number would make the softmax meaningless, and −∞ is the mark of what must not be drawn.
    private static float Finite(float logit) => Math.Clamp(logit, float.MinValue, float.MaxValue);
}
