using OrleansServe.Engine.Kv;
using OrleansServe.Kernels.Products;
using OrleansServe.Kernels.Reductions;

namespace OrleansServe.Engine.Attention;

/// <summary>
/// Attention to one run of positions: blocks in order of position, with a running maximum and running sums that begin anew with the run.
/// </summary>
/// <param name="kv">the cached rows</param>
internal sealed class RunAttention(PagedKv kv)
{
    /// <summary>Blocks of a run. Part of the arithmetic: another number gives other bits.</summary>
    public const int Blocks = 4;

    /// <summary>Positions of a run.</summary>
    public const int Tokens = Blocks * KvLayout.BlockTokens;

    /// <summary>Most heads at once: they share each block while it is in cache.</summary>
    public const int MostHeads = 16;

    private readonly int _width = kv.Layout.RowWidth;
    private readonly int _latent = kv.Layout.LatentWidth;

    /// <summary>Runs up to a position.</summary>
    public static int CountUpTo(int position) => (position / Tokens) + 1;

    /// <summary>Attends.</summary>
    /// <param name="layer">layer in the KV memory</param>
    /// <param name="blocks">the sequence's block table</param>
    /// <param name="run">which run</param>
    /// <param name="skipped">positions at the very beginning that are not attended to</param>
    /// <param name="last">last position</param>
    /// <param name="goesOn">whether the next run comes next, so that its rows are asked for from memory</param>
    /// <param name="queries">[heads, latent + rope]</param>
    /// <param name="sums">of those heads; what was there is forgotten</param>
    public void Execute(int layer, ReadOnlySpan<int> blocks, int run, int skipped, int last, bool goesOn, ReadOnlySpan<float> queries, RunSums sums)
    {
        sums.Clear();
        Span<float> scores = stackalloc float[MostHeads * KvLayout.BlockTokens];
        var end = Math.Min((run + 1) * Blocks, KvLayout.BlocksFor(last + 1));
        for (var block = run * Blocks; block < end; block++)
        {
            var start = block * KvLayout.BlockTokens;
            var count = Math.Min(KvLayout.BlockTokens, last + 1 - start);
            var rows = kv.Rows(layer, blocks[block], count);
            if (block == 0)
            {
                rows = rows[(skipped * _width)..];
                count -= skipped;
            }

            // The next block comes from memory while this one is summed.
            var next = start + KvLayout.BlockTokens <= last && (goesOn || block + 1 < end)
                ? kv.Rows(layer, blocks[block + 1], Math.Min(KvLayout.BlockTokens, last + 1 - start - KvLayout.BlockTokens))
                : default;
            Add(rows, count, queries, scores, sums, next);
        }
    }

    private void Add(ReadOnlySpan<float> rows, int count, ReadOnlySpan<float> queries, Span<float> scores, RunSums sums, ReadOnlySpan<float> next)
    {
        var heads = sums.Sums.Length;
        var half = next.Length / 2;
        MatMul.Execute(queries, _width, heads, rows, _width, scores, KvLayout.BlockTokens, next[..half]);
        for (var i = 0; i < heads; i++)
        {
            var p = scores.Slice(i * KvLayout.BlockTokens, count);
            var max = sums.Maxima[i];
            var sum = RunningSoftmax.Execute(p, ref max);
            sums.Shrink(i, max);
            sums.Sums[i] += sum;
        }

        WeightedRows.Execute(scores, KvLayout.BlockTokens, rows, _width, count, sums.Outputs, _latent, next[half..]);
    }
}
