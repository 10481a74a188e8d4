using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;

namespace OrleansServe.Engine.Mtp;

/// <summary>
/// The MTP layer at work. Its KV row at position p is made of the main model's state at p − 1 and the token at p, so that a block's rows
/// depend on the tokens up to the block's end alone, as the main layers' do; position 0 has none, and zeros stand there.
/// </summary>
internal sealed class MtpLayer(ModelWeights model, MtpWeights weights, int maxRows, DecoderLayer layer, PagedKv kv, ComputePool pool)
{
    private readonly MtpMerge _merge = new(model.Config, weights, maxRows, pool);

    private int Index => model.Layers.Length;

    /// <summary>Writes the KV of a step's rows, as far as the states before them are known.</summary>
    /// <param name="batch">the step; its rows' marks of what is to be written are used up</param>
    /// <param name="states">[rows, hidden] after the main model's last norm</param>
    /// <param name="scratch">[rows, hidden]</param>
    public void WriteKv(StepBatch batch, ReadOnlySpan<float> states, float[] scratch)
    {
        var row = 0;
        for (var i = 0; i < batch.Plan.Count; i++)
        {
            ref readonly var sequence = ref batch.Plan[i];
            var before = sequence.StartPosition == 0 ? default : sequence.PreviousState;
            if (sequence.StartPosition == 0 && batch.WritesKv[row])
            {
                // Whoever had the block before may have left something there, and the whole block is sent where its name is asked for.
                kv.Row(Index, sequence.Blocks.Span[0], 0).Clear();
            }

            batch.WritesKv[row] &= !before.IsEmpty;
            _merge.SetState(row++, before.Span);
            for (var j = 1; j < sequence.Tokens.Length; j++, row++)
            {
                _merge.SetState(row, states.Slice((row - 1) * model.Config.HiddenSize, model.Config.HiddenSize));
            }
        }

        _merge.Forward(batch, scratch);
        layer.WriteKv(weights.Layer, Index, batch, scratch);
    }

    /// <summary>Predicts the tokens after those of the batch.</summary>
    /// <param name="batch">rows and block tables</param>
    /// <param name="states">[rows, hidden] of the tokens before those of the rows</param>
    /// <param name="hidden">[rows, hidden] receives the layer's output</param>
    /// <param name="head">samples</param>
    /// <param name="result">begun for the same plan</param>
    /// <param name="probe">sees the stages</param>
    public void Forward(StepBatch batch, ReadOnlySpan<float> states, float[] hidden, OutputHead head, StepResult result, IStepProbe? probe)
    {
        var width = model.Config.HiddenSize;
        for (var row = 0; row < batch.Rows; row++)
        {
            _merge.SetState(row, states.Slice(row * width, width));
        }

        _merge.Forward(batch, hidden);
        probe?.Rows(ProbeStage.MtpMerged, Index, hidden.AsSpan(0, batch.Rows * width));
        layer.Forward(weights.Layer, Index, Index, batch, hidden, probe);
        probe?.Rows(ProbeStage.Hidden, Index, hidden.AsSpan(0, batch.Rows * width));
        head.Finish(weights.FinalNorm, weights.Head, Index, batch, hidden, result, probe);
    }
}
