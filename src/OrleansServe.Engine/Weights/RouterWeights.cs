using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Weights;

/// <summary>The router of an MoE layer.</summary>
/// <param name="Gate">[experts, hidden]</param>
/// <param name="Bias">[experts] added to the scores for the choice only; null without correction</param>
internal sealed record RouterWeights(LinearWeight Gate, float[]? Bias)
{
    public static RouterWeights Read(WeightReader reader, ModelConfig c, int layer)
    {
        var experts = c.NRoutedExperts!.Value;
        return new(
            reader.Linear(TensorNames.Layer(layer, "mlp.gate.weight"), experts, c.HiddenSize, exact: true),
            c.TopkMethod == TopkMethod.NoauxTc
                ? reader.Vector(TensorNames.Layer(layer, "mlp.gate.e_score_correction_bias"), experts)
                : null);
    }
}
