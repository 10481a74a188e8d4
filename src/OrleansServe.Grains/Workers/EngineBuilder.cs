using OrleansServe.Engine;
using OrleansServe.Grains.Options;

namespace OrleansServe.Grains.Workers;

/// <summary>
/// Makes the engine of one prefill or decode worker. A host that registers one has its workers use that instead of the CPU engine with the model's
/// weights, which are not loaded then.
/// </summary>
/// <param name="model">The model that the silo serves.</param>
/// <param name="options">Sizes that the engine has to keep to.</param>
/// <returns>An engine; the worker's own from then on.</returns>
public delegate IEngine EngineBuilder(WorkerModel model, WorkerOptions options);
