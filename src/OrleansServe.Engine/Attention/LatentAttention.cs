using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Overlap;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Attention;

/// <summary>
/// Multi-head latent attention in the absorbed form: queries go up to the latent space, attend there to the cached latents of all
/// heads at once, and the result goes down to values.
/// </summary>
/// <remarks>DeepSeek-V2 report, section 2.1.</remarks>
internal sealed class LatentAttention
{
    // The norms of query rank and latent have an epsilon of their own, whatever the configuration says.
    private const float RankEpsilon = 1e-6f;

    // Rows that go through the latent space together: bounds the memory for it, heads · (latent + rope) floats a row.
    private const int MostLatentRows = 64;

    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly PagedKv _kv;
    private readonly float _scale;
    private readonly LinearWork _linear;
    private readonly RowWork _prepare;
    private readonly RowWork _store;
    private readonly RowWork _normQuery;
    private readonly HeadWork _absorb;
    private readonly HeadWork _extract;
    private readonly BlockAttention _attend;

    private readonly float[] _queryRank;
    private readonly float[] _query;
    private readonly float[] _compressed;
    private readonly float[] _latentQuery;
    private readonly float[] _latentOut;
    private readonly float[] _values;
    private readonly int _latentRows;

    private LayerWeights? _weights;
    private StepBatch? _batch;
    private int _layer;

    public LatentAttention(ModelConfig config, int maxRows, RotaryEmbedding rotary, PagedKv kv, ComputePool pool)
    {
        _config = config;
        _pool = pool;
        _kv = kv;
        _scale = rotary.SoftmaxScale;
        _latentRows = Math.Min(maxRows, MostLatentRows);
        QueryWidth = checked(config.NumAttentionHeads * config.QkHeadDim);
        ValueWidth = checked(config.NumAttentionHeads * config.VHeadDim);
        _queryRank = Buffers.Floats("query rank", maxRows, config.QLoraRank ?? 0);
        _query = Buffers.Floats("queries", maxRows, QueryWidth);
        _compressed = Buffers.Floats("compressed keys", maxRows, config.KvWidth);
        _latentQuery = Buffers.Floats("latent queries", _latentRows, (long)config.NumAttentionHeads * config.KvWidth);
        _latentOut = Buffers.Floats("latent outputs", _latentRows, (long)config.NumAttentionHeads * config.KvLoraRank);
        _values = Buffers.Floats("values", maxRows, ValueWidth);
        _linear = new LinearWork(pool);
        _prepare = new RowWork(Prepare);
        _store = new RowWork(Store);
        _normQuery = new RowWork(NormQuery);
        _absorb = new HeadWork(config.NumAttentionHeads, AbsorbHead);
        _extract = new HeadWork(config.NumAttentionHeads, ExtractHead);
        _attend = new BlockAttention(config, kv, _latentRows, _latentQuery, _latentOut, pool);
    }

    private int QueryWidth { get; }

    private int ValueWidth { get; }

    /// <summary>Computes queries and KV of some rows, and writes the KV.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="x">[rows, hidden] normalised input</param>
    public void Begin(in LayerRows at, float[] x)
    {
        Set(at);
        var weights = at.Weights;
        _linear.From(x, _config.HiddenSize, at.Rows).To(weights.KvDown, _compressed, _config.KvWidth);
        if (weights.QueryDown is { } down)
        {
            _linear.To(down, _queryRank, down.Outputs).Run();
            _normQuery.Run(_pool, at.Rows);
            _linear.From(_queryRank, down.Outputs, at.Rows).To(weights.Query, _query, QueryWidth).Run();
        }
        else
        {
            _linear.To(weights.Query, _query, QueryWidth).Run();
        }

        _prepare.Run(_pool, at.Rows);
        if (at.IsLast)
        {
            at.Batch.KvWritten?.Invoke(at.Layer);
        }
    }

    /// <summary>Attends for rows that were begun.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="y">[rows, hidden] output, not yet added to the residual stream</param>
    public void Finish(in LayerRows at, float[] y)
    {
        Set(at);
        for (int first = at.Rows.First, count; first < at.Rows.End; first += count)
        {
            count = Math.Min(_latentRows, at.Rows.End - first);
            _absorb.Run(_pool, first, count, (long)_config.KvLoraRank * _config.QkNopeHeadDim);
            count = _attend.Run(at.Layer, at.Batch, first, count);
            _extract.Run(_pool, first, count, (long)_config.KvLoraRank * _config.VHeadDim);
        }

        _linear.From(_values, ValueWidth, at.Rows).To(at.Weights.Output, y, _config.HiddenSize).Run();
    }

    /// <summary>Writes the KV of some rows and nothing else.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="x">[rows, hidden] normalised input</param>
    public void WriteKv(in LayerRows at, float[] x)
    {
        Set(at);
        _linear.From(x, _config.HiddenSize, at.Rows).To(at.Weights.KvDown, _compressed, _config.KvWidth).Run();
        _store.Run(_pool, at.Rows);
        at.Batch.KvWritten?.Invoke(at.Layer);
    }

    private void Set(in LayerRows at) => (_weights, _layer, _batch) = (at.Weights, at.Layer, at.Batch);

    private void NormQuery(int first, int end, int worker)
    {
        var width = _weights!.QueryNorm!.Length;
        for (var row = first; row < end; row++)
        {
            var query = _queryRank.AsSpan(row * width, width);
            RmsNorm.Execute(query, _weights.QueryNorm, RankEpsilon, query);
        }
    }

    // Writes each row's latent and rope key to its place in the cache, unless it is there.
    private void Store(int first, int end, int worker)
    {
        var latent = _config.KvLoraRank;
        for (var row = first; row < end; row++)
        {
            if (!_batch!.WritesKv[row])
            {
                continue;
            }

            var position = _batch.Positions[row];
            var blocks = _batch.Plan[_batch.Sequences[row]].Blocks.Span;
            var cached = _kv.Row(_layer, blocks[position / KvLayout.BlockTokens], position % KvLayout.BlockTokens);
            var compressed = _compressed.AsSpan(row * _config.KvWidth, _config.KvWidth);
            RmsNorm.Execute(compressed[..latent], _weights!.KvNorm, RankEpsilon, cached[..latent]);
            compressed[latent..].CopyTo(cached[latent..]);
            Rope.Execute(cached[latent..], _batch.Cos(row), _batch.Sin(row));
        }
    }

    // Stores the rows' KV; rotates and scales the queries.
    private void Prepare(int first, int end, int worker)
    {
        Store(first, end, worker);
        var nope = _config.QkNopeHeadDim;
        for (var row = first; row < end; row++)
        {
            var query = _query.AsSpan(row * QueryWidth, QueryWidth);
            for (var head = 0; head < QueryWidth; head += _config.QkHeadDim)
            {
                Rope.Execute(query.Slice(head + nope, _config.QkRopeHeadDim), _batch!.Cos(row), _batch.Sin(row));
            }

            Scale.Execute(_scale, query, query);
        }
    }

    private void AbsorbHead(int head, int first, int rows)
    {
        int latent = _config.KvLoraRank, nope = _config.QkNopeHeadDim, rope = _config.QkRopeHeadDim;
        var stride = _config.NumAttentionHeads * _config.KvWidth;
        var query = _query.AsSpan((first * QueryWidth) + (head * _config.QkHeadDim));
        var target = _latentQuery.AsSpan(head * _config.KvWidth);
        _weights!.KeyUp.Multiply(query, QueryWidth, rows, head * latent, latent, target, stride);
        for (var row = 0; row < rows; row++)
        {
            query.Slice((row * QueryWidth) + nope, rope).CopyTo(target[((row * stride) + latent)..]);
        }
    }

    private void ExtractHead(int head, int first, int rows)
    {
        int latent = _config.KvLoraRank, value = _config.VHeadDim;
        _attend.Complete(head, rows);
        _weights!.ValueUp.Multiply(
            _latentOut.AsSpan(head * latent),
            _config.NumAttentionHeads * latent,
            rows,
            head * value,
            value,
            _values.AsSpan((first * ValueWidth) + (head * value)),
            ValueWidth);
    }
}
