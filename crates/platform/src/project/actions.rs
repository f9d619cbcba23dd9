//! 项目: Cloud API actions. Translate, ask the chapter, translate back; nothing else.

use api::project::*;
use base::{Code, Error, InstanceId, ProductId, ProjectId, Result};

use super::{Project, Search};
use crate::{
    Cx, Routes, device, product, project,
    wire::{Page, clip, optional, seconds, signed},
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(create_project)
        .on(modify_project)
        .on(delete_project)
        .on(describe_project)
        .on(get_project_list);
}

async fn create_project(cx: Cx, req: CreateProjectRequest) -> Result<CreateProjectResponse> {
    let instance = optional(req.instance_id.as_deref(), InstanceId::parse)?;
    let made =
        project::create(&cx, instance.as_ref(), &req.project_name, &req.project_desc).await?;
    Ok(CreateProjectResponse { project: entry(made) })
}

async fn modify_project(cx: Cx, req: ModifyProjectRequest) -> Result<ModifyProjectResponse> {
    let id = ProjectId::parse(&req.project_id)?;
    let changed = project::modify(&cx, &id, &req.project_name, &req.project_desc).await?;
    Ok(ModifyProjectResponse { project: Some(entry(changed)) })
}

async fn delete_project(cx: Cx, req: DeleteProjectRequest) -> Result<DeleteProjectResponse> {
    project::delete(&cx, &ProjectId::parse(&req.project_id)?).await?;
    Ok(DeleteProjectResponse {})
}

async fn describe_project(cx: Cx, req: DescribeProjectRequest) -> Result<DescribeProjectResponse> {
    let found = project::get(&cx, &ProjectId::parse(&req.project_id)?).await?;
    Ok(DescribeProjectResponse { project: Some(extended(&cx, found, Includes::ALL).await?) })
}

async fn get_project_list(cx: Cx, req: GetProjectListRequest) -> Result<GetProjectListResponse> {
    let search = Search {
        instance: optional(req.instance_id.as_deref(), InstanceId::parse)?,
        project: optional(req.project_id.as_deref(), ProjectId::parse)?,
        product: optional(req.product_id.as_deref(), ProductId::parse)?,
        name: req.project_name,
        page: Page::parse(req.offset, req.limit)?,
    };
    let includes = Includes::parse(req.includes.as_deref().unwrap_or_default())?;
    let (found, total) = project::list(&cx, &search).await?;
    let mut projects = Vec::with_capacity(found.len());
    for project in found {
        projects.push(extended(&cx, project, includes).await?);
    }
    Ok(GetProjectListResponse { projects: Some(projects), total: Some(signed(total)) })
}

/// Which counts an answer carries.
#[derive(Clone, Copy)]
struct Includes {
    products: bool,
    devices: bool,
    applications: bool,
}

impl Includes {
    const ALL: Self = Self { products: true, devices: true, applications: true };

    /// None named means all.
    fn parse(names: &[String]) -> Result<Self> {
        if names.is_empty() {
            return Ok(Self::ALL);
        }
        let mut includes = Self { products: false, devices: false, applications: false };
        for name in names {
            match name.as_str() {
                "ProductCount" => includes.products = true,
                "DeviceCount" => includes.devices = true,
                "ApplicationCount" => includes.applications = true,
                other => {
                    let text = format!("{:?} cannot be included", clip(other));
                    return Err(Error::new(Code::InvalidParameterValue, text));
                }
            }
        }
        Ok(includes)
    }
}

async fn extended(cx: &Cx, project: Project, includes: Includes) -> Result<ProjectEntryEx> {
    let products: Vec<_> = product::all_of(cx.services(), &project.instance)
        .into_iter()
        .filter(|product| product.project == project.id)
        .collect();
    let mut devices = None;
    if includes.devices {
        let mut sum = 0;
        for product in &products {
            sum += device::counts(cx.services(), &product.id).await?.0;
        }
        devices = Some(sum);
    }
    Ok(ProjectEntryEx {
        product_count: includes.products.then(|| u64::try_from(products.len()).unwrap_or(0)),
        device_count: devices,
        // There is no application yet that a project could have.
        application_count: includes.applications.then_some(0),
        native_app_count: includes.applications.then_some(0),
        web_app_count: includes.applications.then_some(0),
        enable_open_state: Some(0),
        instance_id: Some(project.instance.to_string()),
        project_id: Some(project.id.to_string()),
        project_name: Some(project.name),
        project_desc: Some(project.description),
        create_time: Some(seconds(project.created)),
        update_time: Some(seconds(project.updated)),
    })
}

fn entry(project: Project) -> ProjectEntry {
    ProjectEntry {
        project_id: Some(project.id.to_string()),
        project_name: Some(project.name),
        project_desc: Some(project.description),
        create_time: Some(seconds(project.created)),
        update_time: Some(seconds(project.updated)),
    }
}
