using OrleansServe.Engine;
using OrleansServe.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

/// <summary>Log-probabilities of given tokens.</summary>
public sealed class PromptScoreTests
{
    private const int Length = 150;
    private const int Top = 3;

    [Theory]
    [InlineData(150, 256, 1)]
    [InlineData(150, 7, 2)]
    [InlineData(64, 1, 3)]
    [InlineData(37, 10, 2)]
    public void Step_Targets_GiveTheLogprobsOfTheLogitsInAnyChunksAndWithAnyRoom(int chunk, int room, int threads)
    {
        var weights = TestModel.Golden("v3-tiny");
        var prompt = Prompt(weights.Config.VocabSize);
        var expected = Expected(prompt);
        using var engine = new CpuEngine(weights, new EngineOptions { KvBlocks = 8, MaxBatchTokens = 256, MaxSampledTokens = room, Threads = threads, SmallestSharedStep = 0 });
        var (plan, result) = (new StepPlan(), new StepResult());
        var scores = new List<(int Token, float Logprob, int[] Ids, float[] Values)>();
        for (var start = 0; start < Length; start += chunk)
        {
            var count = Math.Min(chunk, Length - start);
            plan.Clear();
            plan.Add(new StepSequence
            {
                Tokens = prompt.AsMemory(start, count),
                StartPosition = start,
                Blocks = new[] { 5, 2, 7 },
                Sample = start + count == Length,
                TopLogprobs = 1,
                Targets = prompt.AsMemory(start + 1, Math.Min(count, Length - 1 - start)),
                TargetTopLogprobs = Top,
            });
            engine.Step(plan, result);
            for (var row = 0; row < result.ScoredCount(0); row++)
            {
                var score = result.Score(0, row);
                Assert.Null(score.Error);
                scores.Add((score.Token, score.Logprob, score.TopTokens.ToArray(), score.TopLogprobs.ToArray()));
            }
        }

        Assert.Equal(Length - 1, scores.Count);
        for (var i = 0; i < scores.Count; i++)
        {
            Assert.Equal(prompt[i + 1], scores[i].Token);
            Assert.Equal(expected.Logprob(i, prompt[i + 1]), scores[i].Logprob);
            Assert.Equal(expected.Likeliest(i), scores[i].Ids);
            Assert.Equal(scores[i].Ids.Select(id => expected.Logprob(i, id)), scores[i].Values);
        }

        // The drawn token comes last and keeps its logits.
        Assert.Equal(expected.Likeliest(Length - 1)[0], result[0].Token);
        Assert.Equal(expected.Row(Length - 1), result.Logits(0).ToArray());
    }

    [Fact]
    public void Step_MoreTargetsThanTokens_IsRefused()
    {
        using var driver = new EngineDriver(TestModel.Golden("v3-tiny"));
        var step = new StepSequence { Tokens = new[] { 1, 2 }, Blocks = new[] { 0 }, Targets = new[] { 2, 3, 4 } };
        Assert.Contains("3 targets for 2 tokens", Assert.Throws<ArgumentException>(() => driver.Run(step)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << 20)]
    public void Step_TargetOutsideTheVocabulary_IsRefused(int target)
    {
        using var driver = new EngineDriver(TestModel.Golden("v3-tiny"));
        var step = new StepSequence { Tokens = new[] { 1 }, Blocks = new[] { 0 }, Targets = new[] { target } };
        Assert.Contains($"target {target}", Assert.Throws<ArgumentException>(() => driver.Run(step)).Message, StringComparison.Ordinal);
    }

    private static int[] Prompt(int vocabulary)
    {
        var random = new Random(12);
        return [.. Enumerable.Range(0, Length).Select(_ => random.Next(vocabulary))];
    }

    private static Reference Expected(int[] prompt)
    {
        using var driver = new EngineDriver(TestModel.Golden("v3-tiny"));
        return new Reference(driver.Feed(TestSequence.At(0, prompt, room: 0), Length), driver.Engine.Info.VocabularySize);
    }

    private sealed record Reference(float[] Logits, int Vocabulary)
    {
        public float[] Row(int row) => Logits[(row * Vocabulary)..((row + 1) * Vocabulary)];

        public float Logprob(int row, int token)
        {
            var (max, logSum) = new Sampler(Vocabulary).Normaliser(Row(row));
            return (float)((double)Row(row)[token] - max - logSum);
        }

        public int[] Likeliest(int row) => [.. Row(row).Select((l, id) => (l, id)).OrderByDescending(t => t.l).ThenBy(t => t.id).Take(Top).Select(t => t.id)];
    }
}
