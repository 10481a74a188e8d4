using OrleansServe.Engine;
using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Threading;
using OrleansServe.Model.Configuration;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Attention;

/// <summary>Attention over contexts of many runs of positions: each row alone on one thread says what the others have to give.</summary>
public sealed class BlockAttentionTests
{
    private const int Blocks = 40;

    // Around the ends of blocks and of runs, and as long as there is memory.
    private static readonly int[] Contexts =
        [1, 2, 63, 64, 65, 255, 256, 257, 300, 511, 512, 513, 769, 1000, 1024, 1025, 1500, (Blocks * KvLayout.BlockTokens) - 1, Blocks * KvLayout.BlockTokens];

    private static readonly ModelConfig Config = TestModel.Golden("v3-tiny").Config with { MaxPositionEmbeddings = Blocks * KvLayout.BlockTokens };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Run_AnyCompanyAndThreads_EqualsTheRowAlone(int threads)
    {
        using var kv = Kv();
        using var one = new ComputePool(1);
        using var pool = new ComputePool(threads);
        var alone = Contexts.Select((context, i) => Attend(kv, one, [context], i)[0]).ToArray();
        for (var company = 1; company <= Contexts.Length; company++)
        {
            for (var first = 0; first + company <= Contexts.Length; first += company)
            {
                var together = Attend(kv, pool, Contexts[first..(first + company)], first);
                for (var i = 0; i < company; i++)
                {
                    Assert.Equal(alone[first + i].Select(BitConverter.SingleToInt32Bits), together[i].Select(BitConverter.SingleToInt32Bits));
                }
            }
        }
    }

    [Fact]
    public void Run_EveryContext_IsTheSoftmaxOverItsPositions()
    {
        using var kv = Kv();
        using var pool = new ComputePool(2);
        for (var i = 0; i < Contexts.Length; i++)
        {
            var actual = Attend(kv, pool, [Contexts[i]], i)[0];
            var expected = Exact(kv, Contexts[i], Queries(i));
            for (var j = 0; j < expected.Length; j++)
            {
                Assert.Equal(expected[j], actual[j], 1e-5);
            }
        }
    }

    private static PagedKv Kv()
    {
        var kv = new PagedKv(new KvLayout { Layers = 1, LatentWidth = Config.KvLoraRank, RopeWidth = Config.QkRopeHeadDim }, Blocks);
        var random = new Random(1);
        for (var block = 0; block < Blocks; block++)
        {
            foreach (ref var number in kv.Rows(0, block, KvLayout.BlockTokens))
            {
                number = (float)((random.NextDouble() * 2) - 1);
            }
        }

        return kv;
    }

    // A block table in another order than the blocks', so that a place mistaken for a position shows.
    private static int[] Table() => [.. Enumerable.Range(0, Blocks).Select(i => i * 7 % Blocks)];

    private static float[] Queries(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Config.NumAttentionHeads * Config.KvWidth).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }

    /// <returns>[rows][heads · latent]</returns>
    private static float[][] Attend(PagedKv kv, ComputePool pool, int[] contexts, int firstSeed)
    {
        var batch = new StepBatch(contexts.Length, new RotaryEmbedding(Config));
        var plan = new StepPlan();
        foreach (var context in contexts)
        {
            plan.Add(new StepSequence { Tokens = new int[1], StartPosition = context - 1, Blocks = Table() });
        }

        batch.Load(plan);
        var width = Config.NumAttentionHeads * Config.KvLoraRank;
        float[] queries = [.. Enumerable.Range(firstSeed, contexts.Length).SelectMany(Queries)];
        var outputs = new float[contexts.Length * width];
        var attention = new BlockAttention(Config, kv, contexts.Length, queries, outputs, pool);
        List<float[]> results = [];
        for (int first = 0, rows; first < contexts.Length; first += rows)
        {
            rows = attention.Run(0, batch, first, contexts.Length - first);
            for (var head = 0; head < Config.NumAttentionHeads; head++)
            {
                attention.Complete(head, rows);
            }

            results.AddRange(Enumerable.Range(0, rows).Select(row => outputs[(row * width)..((row + 1) * width)]));

            // Row 0 of the queries is the first one of the next group.
            queries.AsSpan(rows * (queries.Length / contexts.Length)).CopyTo(queries);
        }

        return [.. results];
    }

    private static double[] Exact(PagedKv kv, int context, float[] queries)
    {
        int width = Config.KvWidth, latent = Config.KvLoraRank;
        var rows = Enumerable.Range(0, context)
            .Select(position => kv.Row(0, Table()[position / KvLayout.BlockTokens], position % KvLayout.BlockTokens).ToArray())
            .ToArray();
        var outputs = new double[Config.NumAttentionHeads * latent];
        for (var head = 0; head < Config.NumAttentionHeads; head++)
        {
            var query = queries.AsSpan(head * width, width).ToArray();
            var scores = rows.Select(row => row.Zip(query, (a, b) => (double)a * b).Sum()).ToArray();
            var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
            var sum = weights.Sum();
            for (var i = 0; i < latent; i++)
            {
                outputs[(head * latent) + i] = rows.Select((row, t) => weights[t] * row[i]).Sum() / sum;
            }
        }

        return outputs;
    }
}
