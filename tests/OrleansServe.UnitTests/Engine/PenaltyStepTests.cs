using OrleansServe.Engine;
using OrleansServe.Engine.Sampling;
using OrleansServe.UnitTests.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

/// <summary>Penalties in a running engine: the tokens before the drawn one count, however they came there.</summary>
public sealed class PenaltyStepTests
{
    private static readonly int[] Prompt = [256, 259, 109, 105, 110, 260, 261, 10];

    [Theory]
    [InlineData(0f)]
    [InlineData(1.2f)]
    public void Step_DraftsVerified_CountAsProduced(float temperature)
    {
        var sampling = Penalised(temperature);
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2);
        var sequence = new TestSequence(Prompt, 0, 1) { Sampling = sampling };
        var plain = Continue(driver, sequence, 40);

        var verified = new TestSequence(sequence.Tokens, 5, 6) { Sampling = sampling };
        driver.Run(verified.Next(Prompt.Length + 39, 40));
        Assert.Equal(plain, Enumerable.Range(0, 40).Select(i => Draw.Of(driver.Result.Token(0, i))));
    }

    [Fact]
    public void Step_ResumedFromPromptAndOutput_DrawsTheSameNumbers()
    {
        var sampling = Penalised(1.2f);
        using var driver = new EngineDriver(TestModel.TinyR1);
        var whole = new TestSequence(Prompt, 0, 1) { Sampling = sampling };
        var expected = Continue(driver, whole, 40);
        for (var cut = 1; cut < 40; cut += 13)
        {
            // Another engine, nothing cached: the output so far is fed like a prompt, in two chunks, and is output all the same.
            using var other = new EngineDriver(TestModel.TinyR1, threads: 3);
            var resumed = new TestSequence(whole.Tokens.Take(Prompt.Length + cut), 7, 3) { Sampling = sampling };
            other.Run(resumed.Next(5));
            resumed.Cached = 5;
            Assert.Equal(expected[cut..], Continue(other, resumed, 40 - cut));
        }
    }

    [Fact]
    public void Step_Penalised_DrawsFromTheAdjustedLogitsAndReportsRawLogprobs()
    {
        var random = new Random(4);
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2);
        var vocabulary = driver.Engine.Info.VocabularySize;
        for (var round = 0; round < 30; round++)
        {
            var sampling = LogitAdjusterTests.Random(random, vocabulary);
            var sequence = new TestSequence(Enumerable.Range(0, random.Next(1, 80)).Select(_ => random.Next(60)), 0, 1, 2) { Sampling = sampling, TopLogprobs = 1 };
            var logits = driver.Feed(sequence);
            var adjusted = Penalties.Adjust(logits, sampling, [.. sequence.Tokens]);
            var neutral = new SamplingParameters { Temperature = sampling.Temperature, Seed = sampling.Seed };
            var token = driver.Result[0];
            Assert.Equal(new Sampler(vocabulary).Sample(adjusted, neutral, sequence.Tokens.Count), token.Token);
            var (max, logSum) = new Sampler(vocabulary).Normaliser(logits);
            Assert.Equal((float)((double)logits[token.Token] - max - logSum), token.Logprob);
            Assert.Equal(logits.Max(), logits[token.TopTokens.Span[0]]);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    public void Step_HistoryOfAnotherLength_IsRefused(int length)
    {
        using var driver = new EngineDriver(TestModel.TinyR1);
        driver.Run(new TestSequence(Prompt, 0).Next(8));
        var step = new StepSequence
        {
            Tokens = new[] { 3 },
            StartPosition = 8,
            Blocks = new[] { 0 },
            Sample = true,
            Sampling = Penalised(0),
            History = new int[length],
        };
        var fault = Assert.Throws<ArgumentException>(() => driver.Run(step));
        Assert.Contains($"history of {length} tokens, its penalties need 8", fault.Message, StringComparison.Ordinal);
    }

    private static SamplingParameters Penalised(float temperature) => new()
    {
        Temperature = temperature,
        TopP = 0.98f,
        Seed = 42,
        RepetitionPenalty = 1.3f,
        FrequencyPenalty = 0.4f,
        PresencePenalty = 0.2f,
        LogitBias = [new(50, 3f)],
        MinTokens = 20,
        StopTokens = [257],
        PromptTokens = Prompt.Length,
    };

    private static Draw[] Continue(EngineDriver driver, TestSequence sequence, int count)
    {
        var draws = new Draw[count];
        for (var i = 0; i < count; i++)
        {
            driver.Feed(sequence);
            draws[i] = Draw.Of(driver.Result[0]);
            sequence.Tokens.Add(draws[i].Token);
        }

        return draws;
    }

    private readonly record struct Draw(int Token, int LogprobBits)
    {
        public static Draw Of(in SampledToken token) => new(token.Token, BitConverter.SingleToInt32Bits(token.Logprob));
    }
}
