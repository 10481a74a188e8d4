using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Threading;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Products;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Attention;

/// <summary>
/// Softmax attention of latent queries over cached rows, a block of 64 positions at a time in order of position, with a running maximum.
/// Blocks begin at multiples of 64 whatever the chunks were, so a row's sums have one order: that of the positions.
/// </summary>
internal sealed class BlockAttention(ModelConfig config, PagedKv kv, float[] queries, float[] outputs) : ParallelWork
{
    private const int MostHeadsPerPart = 16;
    private const int HeadsInRegisters = 4;
    private readonly int _heads = config.NumAttentionHeads;
    private readonly int _width = config.KvWidth;
    private readonly int _latent = config.KvLoraRank;
    private StepBatch? _batch;
    private int _layer;
    private int _first;
    private int _headsPerPart;

    /// <summary>Attends for some rows.</summary>
    /// <param name="pool">threads</param>
    /// <param name="layer">layer in the KV memory</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="first">row of the batch that is row 0 of the queries</param>
    /// <param name="rows">number of rows</param>
    public void Run(ComputePool pool, int layer, StepBatch batch, int first, int rows)
    {
        (_layer, _batch, _first) = (layer, batch, first);

        // Heads of a part share each block while it is in cache, and four of them each number in a register: few rows are cut finer only
        // so far that every thread has work, and below four heads only where threads would have none at all.
        _headsPerPart = Math.Min(MostHeadsPerPart, _heads);
        while (_headsPerPart > 1 && (long)rows * PartsPerRow < (_headsPerPart > HeadsInRegisters ? 2L : 1L) * pool.Threads)
        {
            _headsPerPart = _headsPerPart > HeadsInRegisters ? Math.Max((_headsPerPart + 1) / 2, HeadsInRegisters) : (_headsPerPart + 1) / 2;
        }

        pool.Run(this, rows * PartsPerRow);
    }

    private int PartsPerRow => (_heads + _headsPerPart - 1) / _headsPerPart;

    public override void Execute(int part, int worker)
    {
        var row = part / PartsPerRow;
        var head = part % PartsPerRow * _headsPerPart;
        var heads = Math.Min(_headsPerPart, _heads - head);
        var query = queries.AsSpan(((row * _heads) + head) * _width, heads * _width);
        var output = outputs.AsSpan(((row * _heads) + head) * _latent, heads * _latent);
        var position = _batch!.Positions[_first + row];
        var blocks = _batch.Plan[_batch.Sequences[_first + row]].Blocks.Span;

        Span<float> scores = stackalloc float[MostHeadsPerPart * KvLayout.BlockTokens];
        Span<float> maxima = stackalloc float[MostHeadsPerPart];
        Span<float> sums = stackalloc float[MostHeadsPerPart];
        maxima.Fill(float.NegativeInfinity);
        sums.Clear();
        output.Clear();
        for (var start = 0; start <= position; start += KvLayout.BlockTokens)
        {
            var skipped = start == 0 ? _batch.FirstAttended : 0;
            var count = Math.Min(KvLayout.BlockTokens, position + 1 - start);
            var rows = kv.Rows(_layer, blocks[start / KvLayout.BlockTokens], count)[(skipped * _width)..];
            count -= skipped;
            MatMul.Execute(query, _width, heads, (ReadOnlySpan<float>)rows, _width, scores, KvLayout.BlockTokens);
            for (var i = 0; i < heads; i++)
            {
                var p = scores.Slice(i * KvLayout.BlockTokens, count);
                var max = MathF.Max(maxima[i], Maximum.Execute(p));
                var shrink = Exponential.Scalar(maxima[i] - max);
                Exponential.ExecuteShifted(p, max, p);
                sums[i] = (sums[i] * shrink) + Sum.Execute(p);
                maxima[i] = max;
                if (shrink != 1f)
                {
                    var sum = output.Slice(i * _latent, _latent);
                    Scale.Execute(shrink, sum, sum);
                }
            }

            WeightedRows.Execute(scores, KvLayout.BlockTokens, rows, _width, count, output, _latent);
        }

        for (var i = 0; i < heads; i++)
        {
            var sum = output.Slice(i * _latent, _latent);
            Scale.Execute(1f / sums[i], sum, sum);
        }
    }
}
