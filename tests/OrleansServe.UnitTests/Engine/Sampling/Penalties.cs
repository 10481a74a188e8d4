using OrleansServe.Engine.Sampling;

namespace OrleansServe.UnitTests.Engine.Sampling;

/// <summary>What bias, penalties and masks do to logits, written down a second time: token by token, by definition.</summary>
internal static class Penalties
{
    public static float[] Adjust(float[] logits, SamplingParameters p, int[] history)
    {
        var prompt = history.Take(p.PromptTokens).ToArray();
        var output = history.Skip(p.PromptTokens).ToArray();
        var adjusted = new float[logits.Length];
        for (var id = 0; id < logits.Length; id++)
        {
            var logit = logits[id];
            foreach (var bias in p.LogitBias.Where(b => b.Token == id))
            {
                logit += bias.Bias;
            }

            if (prompt.Contains(id) || output.Contains(id))
            {
                logit = logit > 0 ? logit / p.RepetitionPenalty : logit * p.RepetitionPenalty;
            }

            var count = output.Count(t => t == id);
            logit = MathF.FusedMultiplyAdd(-count, p.FrequencyPenalty, logit) - (count > 0 ? p.PresencePenalty : 0);
            var held = output.Length < p.MinTokens && p.StopTokens.Contains(id);
            adjusted[id] = held || (p.TokenLimit > 0 && id >= p.TokenLimit) ? float.NegativeInfinity : logit;
        }

        return adjusted;
    }
}
