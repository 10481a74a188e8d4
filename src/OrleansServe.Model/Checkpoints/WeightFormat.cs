namespace OrleansServe.Model.Checkpoints;

/// <summary>The numbers in which an engine keeps a model's matrices. Another format is another model as far as equality of bits goes.</summary>
public enum WeightFormat
{
    /// <summary>As the checkpoint has them: bf16 stays bf16, fp32 stays fp32, fp8 is widened to fp32.</summary>
    Native = 1,

    /// <summary>Signed bytes with one fp32 scale per output, made when the model is loaded. Embeddings, norms and routers stay as they are.</summary>
    Int8 = 2,
}
