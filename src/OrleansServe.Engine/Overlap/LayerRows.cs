using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;

namespace OrleansServe.Engine.Overlap;

/// <summary>Some rows of a step on their way through one layer.</summary>
/// <param name="Weights">the layer</param>
/// <param name="Layer">its index</param>
/// <param name="Previous">what a row that is not finite before this layer is blamed on</param>
/// <param name="Batch">rows and block tables of the whole step</param>
/// <param name="Hidden">[rows, hidden] residual stream of the whole step</param>
/// <param name="Rows">which of them</param>
/// <param name="Microbatch">0 or 1; 0 where the step is not divided</param>
internal readonly record struct LayerRows(
    LayerWeights Weights, int Layer, int Previous, StepBatch Batch, float[] Hidden, RowRange Rows, int Microbatch)
{
    /// <summary>Whether no rows of the step follow.</summary>
    public bool IsLast => Rows.End == Batch.Rows;
}
