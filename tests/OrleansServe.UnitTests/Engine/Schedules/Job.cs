using OrleansServe.Engine.Sampling;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>A request: nothing but what its answer may depend on.</summary>
/// <param name="Prompt">Token ids.</param>
/// <param name="MaxTokens">Tokens to produce.</param>
/// <param name="Sampling">How they are drawn.</param>
/// <param name="TopLogprobs">Alternatives asked for beside each.</param>
internal sealed record Job(int[] Prompt, int MaxTokens, SamplingParameters Sampling, int TopLogprobs)
{
    /// <summary>Draws a request. Prompts share prefixes, so that the cache is hit, often end close to a block's border, and are now and then longer than a run of attention.</summary>
    public static Job Draw(Random random, int vocabulary, int[] common)
    {
        int[] lengths = [random.Next(1, 10), 63, 64, 65, random.Next(60, 70), random.Next(100, 140), random.Next(1, 200), random.Next(250, 300)];
        var prompt = Enumerable.Range(0, lengths[random.Next(lengths.Length)]).Select(_ => random.Next(vocabulary)).ToArray();
        common.AsSpan(0, Math.Min(prompt.Length, random.Next(2) * random.Next(common.Length + 1))).CopyTo(prompt);
        return new Job(prompt, random.Next(1, 25), DrawSampling(random, vocabulary, prompt.Length), random.Next(2) * random.Next(6));
    }

    private static SamplingParameters DrawSampling(Random random, int vocabulary, int prompt)
    {
        var penalised = random.Next(3) == 0;
        return new SamplingParameters
        {
            Temperature = random.Next(3) == 0 ? 0 : 0.2f + (2 * random.NextSingle()),
            TopP = random.Next(2) == 0 ? 1 : 0.5f + (random.NextSingle() / 2),
            TopK = random.Next(2) == 0 ? 0 : random.Next(1, 30),
            MinP = random.Next(3) == 0 ? random.NextSingle() / 10 : 0,
            Seed = (ulong)random.NextInt64(),
            SampleIndex = (uint)(random.Next(2) * random.Next(3)),
            RepetitionPenalty = penalised ? 0.8f + random.NextSingle() : 1,
            FrequencyPenalty = penalised ? random.NextSingle() - 0.5f : 0,
            PresencePenalty = penalised ? random.NextSingle() - 0.5f : 0,
            LogitBias = random.Next(3) == 0 ? [new LogitBias(random.Next(vocabulary), (random.NextSingle() * 8) - 4)] : [],
            MinTokens = random.Next(3) == 0 ? random.Next(1, 10) : 0,
            StopTokens = [random.Next(vocabulary)],
            PromptTokens = prompt,
        };
    }
}
