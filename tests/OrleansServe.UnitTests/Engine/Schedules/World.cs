using System.Runtime.InteropServices;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.UnitTests.Model;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>A random model and requests to it, with what each of them must get: its answer alone, one token a step, on one thread.</summary>
internal sealed class World : IDisposable
{
    private const int Jobs = 6;
    private const int MostCommon = 150;

    private static readonly UInt128 Root = KvBlockHasher.Root([1]);

    private readonly TemporaryFolder _folder = new();

    private World(int seed, bool sparse = false, World? healthy = null)
    {
        Seed = seed;
        var random = new Random(seed);
        var config = sparse ? RandomModel.DrawSparse(random) : RandomModel.Draw(random);
        RandomCheckpoint.Write(_folder.FullPath, config, random);
        Format = random.Next(4) == 0 ? WeightFormat.Int8 : WeightFormat.Native;
        var common = Enumerable.Range(0, MostCommon).Select(_ => random.Next(config.VocabSize)).ToArray();
        Requests = [.. Enumerable.Range(0, Jobs).Select(_ => Job.Draw(random, config.VocabSize, common))];
        if (healthy is not null)
        {
            (PoisonedLayer, var expert) = Poison.Choose(_folder.FullPath, [.. healthy.Requests.Select((r, i) => (int[])[.. r.Prompt, .. healthy.Expected[i].Select(o => o.Token)])]);
            Poison.Write(_folder.FullPath, PoisonedLayer, expert);
        }

        Checkpoint = Checkpoint.Open(_folder.FullPath);
        Weights = ModelWeights.Load(Checkpoint, new WeightsOptions { Format = Format });
        Scores = [.. Requests.Select(r => new Outcome[r.Prompt.Length - 1])];
        Failures = new string?[Requests.Length];
        Expected = [.. Requests.Select((job, i) => Alone(job, i))];
    }

    public int Seed { get; }

    public Checkpoint Checkpoint { get; }

    /// <summary>Numbers of the matrices: another format is another model, and its answers have bits of their own to keep.</summary>
    public WeightFormat Format { get; }

    public ModelWeights Weights { get; }

    public Job[] Requests { get; }

    /// <summary>[requests][tokens] what each token of each request must be.</summary>
    public Outcome[][] Expected { get; }

    /// <summary>[requests] why a request cannot be served to its end; null where it can.</summary>
    public string?[] Failures { get; }

    /// <summary>The layer with a broken expert, in a world that was poisoned.</summary>
    public int PoisonedLayer { get; }

    /// <summary>[requests][prompt − 1] log-probabilities of the prompt's tokens from the second on.</summary>
    public Outcome[][] Scores { get; }

    /// <summary>What the KV of each full block must be, by its name.</summary>
    public Dictionary<UInt128, ulong> Blocks { get; } = [];

    /// <summary>The bits of all answers in one number, to compare processes.</summary>
    public ulong Digest => Outcome.Digest(Expected.Concat(Scores).SelectMany(o => o));

    public static World Draw(int seed) => new(seed);

    /// <summary>A world whose model has many experts.</summary>
    public static World DrawSparse(int seed) => new(seed, sparse: true);

    /// <summary>The same as the sparse one, but for one broken expert: some requests fail, and the others are served as if nothing were.</summary>
    public static World DrawPoisoned(int seed)
    {
        using var healthy = DrawSparse(seed);
        return new World(seed, sparse: true, healthy);
    }

    /// <summary>Names of a sequence's full blocks, in order.</summary>
    public static IEnumerable<UInt128> Names(List<int> tokens)
    {
        var parent = Root;
        for (var start = 0; start + KvLayout.BlockTokens <= tokens.Count; start += KvLayout.BlockTokens)
        {
            parent = KvBlockHasher.Next(parent, CollectionsMarshal.AsSpan(tokens).Slice(start, KvLayout.BlockTokens));
            yield return parent;
        }
    }

    public void Dispose()
    {
        Weights.Dispose();
        Checkpoint.Dispose();
        _folder.Dispose();
    }

    private Outcome[] Alone(Job job, int index)
    {
        var scores = Scores[index];
        using var driver = new EngineDriver(Weights, threads: 1, kvBlocks: 16, maxTokens: 1);
        var sequence = new TestSequence(job.Prompt, [.. Enumerable.Range(0, 16)]) { Sampling = job.Sampling, TopLogprobs = job.TopLogprobs };
        var outcomes = new Outcome[job.MaxTokens];
        float[] state = [];
        for (var produced = 0; produced < outcomes.Length;)
        {
            var scored = sequence.Cached < scores.Length ? 1 : 0;
            driver.Run(sequence.Next(1) with
            {
                PreviousState = state,
                Targets = job.Prompt.AsMemory(scored * (sequence.Cached + 1), scored),
                TargetTopLogprobs = job.TopLogprobs,
            });
            if (scored > 0)
            {
                scores[sequence.Cached] = Outcome.OfScore(driver.Result.Score(0, 0));
            }

            state = driver.Result.State(0, 0).ToArray();
            sequence.Cached++;
            if (driver.Result[0].Error is { } error)
            {
                Failures[index] = error;
                return outcomes[..produced];
            }

            if (sequence.Pending == 0)
            {
                outcomes[produced++] = Outcome.Of(driver.Result[0], driver.Result.Logits(0));
                sequence.Tokens.Add(driver.Result[0].Token);
            }
        }

        foreach (var (name, block) in Names(sequence.Tokens).Zip(sequence.Blocks).Take(sequence.Cached / KvLayout.BlockTokens))
        {
            Blocks[name] = BlockBits.Digest(driver.Engine, block);
        }

        return outcomes;
    }
}
