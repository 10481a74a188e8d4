using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;

namespace OrleansServe.Engine.Overlap;

/// <summary>
/// Takes a step through consecutive MoE layers in two microbatches, so that one computes while rows of the other are away. No result depends on it: every row's bits are its own, and rows
/// that attend to others of their step come behind them.
/// </summary>
/// <remarks>
/// From a microbatch's combine to its next dispatch nothing of the other comes between, so that rows are away for all of the other's work and for the part of their own that does not wait
/// for them; no other order of the stages leaves them more time.
/// </remarks>
internal sealed class Microbatches(DecoderLayer layer, StepSharing costs, int secondRows)
{
    private readonly RowRange[] _rows = new RowRange[2];
    private readonly bool[] _away = new bool[2];

    /// <summary>Divides a step where both parts take about as long.</summary>
    /// <param name="batch">the step, of at least two rows</param>
    public void Divide(StepBatch batch)
    {
        var first = Math.Clamp(costs.Middle(batch), batch.Rows - Math.Min(secondRows, batch.Rows - 1), batch.Rows - 1);
        _rows[0] = new RowRange(0, first);
        _rows[1] = new RowRange(first, batch.Rows - first);
    }

    /// <summary>Runs MoE layers, one behind the other, on the step divided last.</summary>
    /// <param name="layers">the model's layers</param>
    /// <param name="first">the first to run</param>
    /// <param name="end">the one behind the last</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="hidden">[rows, hidden] residual stream</param>
    /// <param name="observer">sees the stages</param>
    public void Run(LayerWeights[] layers, int first, int end, StepBatch batch, float[] hidden, IStageObserver? observer)
    {
        try
        {
            for (var index = first; index <= end; index++)
            {
                for (var part = 0; part < _rows.Length; part++)
                {
                    if (index > first)
                    {
                        Combine(At(index - 1, part), observer);
                    }

                    if (index < end)
                    {
                        Send(At(index, part), observer);
                    }
                }
            }
        }
        finally
        {
            // Reached with rows away only when the other microbatch failed, and its failure is the one to report.
            for (var part = 0; part < _away.Length; part++)
            {
                Settle(part);
            }
        }

        LayerRows At(int index, int part) => new(layers[index], index, index - 1, batch, hidden, _rows[part], part);
    }

    private void Send(in LayerRows rows, IStageObserver? observer)
    {
        observer?.Begin(rows.Layer, rows.Microbatch, OverlapStage.AttentionInput);
        layer.BeginAttention(rows);
        observer?.Begin(rows.Layer, rows.Microbatch, OverlapStage.AttentionCore);
        layer.FinishAttention(rows);
        layer.Route(rows, probe: null);
        observer?.Begin(rows.Layer, rows.Microbatch, OverlapStage.Dispatch);
        layer.Dispatch(rows);
        _away[rows.Microbatch] = true;
        observer?.Begin(rows.Layer, rows.Microbatch, OverlapStage.Mlp);
        layer.ComputeLocal(rows);
    }

    private void Combine(in LayerRows rows, IStageObserver? observer)
    {
        observer?.Begin(rows.Layer, rows.Microbatch, OverlapStage.Combine);
        _away[rows.Microbatch] = false;
        layer.Combine(rows);
    }

    private void Settle(int part)
    {
        if (!_away[part])
        {
            return;
        }

        _away[part] = false;
        try
        {
            layer.Settle(part);
        }
        catch (ExpertUnavailableException)
        {
        }
    }
}
