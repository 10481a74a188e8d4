using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>A random model and requests to it, with what each of them must get: its answer alone, one token a step, on one thread.</summary>
internal sealed class World : IDisposable
{
    private const int Jobs = 6;
    private const int MostCommon = 150;

    private readonly TemporaryFolder _folder = new();

    private World(int seed)
    {
        Seed = seed;
        var random = new Random(seed);
        var config = RandomModel.Draw(random);
        RandomCheckpoint.Write(_folder.FullPath, config, random);
        Checkpoint = Checkpoint.Open(_folder.FullPath);
        Weights = ModelWeights.Load(Checkpoint);
        var common = Enumerable.Range(0, MostCommon).Select(_ => random.Next(config.VocabSize)).ToArray();
        Requests = [.. Enumerable.Range(0, Jobs).Select(_ => Job.Draw(random, config.VocabSize, common))];
        Expected = [.. Requests.Select(Alone)];
    }

    public int Seed { get; }

    public Checkpoint Checkpoint { get; }

    public ModelWeights Weights { get; }

    public Job[] Requests { get; }

    /// <summary>[requests][tokens] what each token of each request must be.</summary>
    public Outcome[][] Expected { get; }

    /// <summary>The bits of all answers in one number, to compare processes.</summary>
    public ulong Digest => Outcome.Digest(Expected.SelectMany(o => o));

    public static World Draw(int seed) => new(seed);

    public void Dispose()
    {
        Weights.Dispose();
        Checkpoint.Dispose();
        _folder.Dispose();
    }

    private Outcome[] Alone(Job job)
    {
        using var driver = new EngineDriver(Weights, threads: 1, kvBlocks: 16, maxTokens: 1);
        var sequence = new TestSequence(job.Prompt, [.. Enumerable.Range(0, 16)]) { Sampling = job.Sampling, TopLogprobs = job.TopLogprobs };
        var outcomes = new Outcome[job.MaxTokens];
        for (var produced = 0; produced < outcomes.Length;)
        {
            driver.Run(sequence.Next(1));
            sequence.Cached++;
            if (sequence.Pending == 0)
            {
                Assert.Null(driver.Result[0].Error);
                outcomes[produced++] = Outcome.Of(driver.Result[0], driver.Result.Logits(0));
                sequence.Tokens.Add(driver.Result[0].Token);
            }
        }

        return outcomes;
    }
}
